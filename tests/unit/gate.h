/* SPDX-License-Identifier: MIT
 *
 * Where threads stand until a test lets them go on: so nothing depends on how
 * fast they are.
 */
#ifndef VIRT_BACKING_TESTS_GATE_H
#define VIRT_BACKING_TESTS_GATE_H

#include <pthread.h>

/* Longer than anything takes that does not hang for ever. */
#define GATE_PATIENCE 60.0 /* seconds */

struct gate {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    unsigned arrived; /* so far */
    unsigned passed;
    unsigned allowed; /* to pass, in all */
};

void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);

/* Stands there until it is let go on. */
void gate_pass(struct gate *gate);

/* Lets that many more go on, whether they are there already or not. */
void gate_open(struct gate *gate, unsigned count);

/* Waits until that many have arrived, or have gone on, since gate_init(). The
 * test fails where they do not. */
void gate_await(struct gate *gate, unsigned arrived);
void gate_await_passed(struct gate *gate, unsigned passed);

unsigned gate_arrived(struct gate *gate);

#endif
