# SPDX-License-Identifier: MIT
#
# From lines of a types.db, such as "disk_headroom  value:GAUGE:0:U", to
# initializers of a type and its only data source.

function bound(text) { return text == "U" ? "NAN" : text }

/^#/ || NF == 0 { next }

NF != 2 || split($2, part, ":") != 4 {
    print FILENAME ":" FNR ": not a type with one data source" > "/dev/stderr"
    exit 1
}

{
    printf "{\"%s\", {\"%s\", DS_TYPE_%s, %s, %s}},\n",
        $1, part[1], part[2], bound(part[3]), bound(part[4])
}
