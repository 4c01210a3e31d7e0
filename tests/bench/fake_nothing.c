/* SPDX-License-Identifier: MIT
 *
 * The functions of libvirt that do nothing on paper: nobody prints errors
 * there, and no connection is silent.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

void virSetErrorFunc(void *data, virErrorFunc handler)
{
    (void)data;
    (void)handler;
}

void virConnSetErrorFunc(virConnectPtr conn, void *data, virErrorFunc handler)
{
    (void)conn;
    (void)data;
    (void)handler;
}

void virDefaultErrorFunc(virErrorPtr error)
{
    (void)error;
}

int virConnectSetKeepAlive(virConnectPtr conn, int interval, unsigned int count)
{
    (void)conn;
    (void)interval;
    (void)count;
    return 0;
}
