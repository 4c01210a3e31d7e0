# SPDX-License-Identifier: MIT
#
# Sums up what callgrind has written down for tests/bench/layers: instructions
# of the plugin's own, of libvirt's fake, of collectd's dispatch where the plugin
# calls it and in the thread that writes, and the plugin's calls for memory.
# Prints NAME=VALUE pairs on a line.

# "fn=(12) name" names number 12, "fn=(12)" is it again. Callees share the names
# of callers: cfn with fn, cob with ob.
function name_of(kind, text,    id) {
    id = substr(text, 1, index(text, ")"))
    if (length(text) > length(id))
        names[kind, id] = substr(text, length(id) + 2)
    return names[kind, id]
}

# A function's name without the mark of its recursion.
function plain(name) {
    sub(/'[0-9]+$/, "", name)
    return name
}

function is_plugin(object) {
    return object ~ /virt_backing\.so$/
}

function add_call(count, cost) {
    if (is_plugin(object) && callee ~ /^(malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf|open_memstream)$/)
        allocations += count
    if (is_plugin(object) && callee ~ /^vir[A-Z]/)
        libvirt += cost
    if (is_plugin(object) && callee == "plugin_dispatch_values") {
        dispatch += cost
        values += count
    }
    # What the loops of its threads call.
    if (is_plugin(object) && fn ~ /^(serve|work)$/ && is_plugin(callee_object) && callee !~ /^(serve|work)$/)
        plugin += cost
    if (callee == "count_values")
        callback += cost
    if (fn == "start_thread")
        threads += cost
}

/^ob=/ { object = name_of("ob", substr($0, 4)); callee_object = object; next }
/^fn=/ { fn = plain(name_of("fn", substr($0, 4))); callee_object = object; next }
/^cob=/ { callee_object = name_of("ob", substr($0, 5)); next }
/^cfn=/ { callee = plain(name_of("fn", substr($0, 5))); next }
/^calls=/ {
    count = substr($1, 7)
    getline
    add_call(count, $2)
    callee_object = object
    next
}
# Numbers may not fit into an integer of awk's. What is left of all threads is
# the one that writes; the main one looks for missing values in each interval.
END {
    printf "own=%.0f libvirt=%.0f dispatch=%.0f write=%.0f values=%.0f allocations=%.0f\n",
        plugin - libvirt - dispatch, libvirt, dispatch,
        threads - plugin - callback, values, allocations
}
