# SPDX-License-Identifier: MIT
#
# For collection3, beside its GenericStacked.pm, which does the work: a ':' in the name of a
# machine ends a path for rrdtool, and a blank one for a browser.
package Collectd::Graph::Type::VirtBacking;

use strict;
use warnings;
use base ('Collectd::Graph::Type::GenericStacked');
use URI::Escape (qw(uri_escape));

return (1);

sub getRRDArgs {
    my ($self, $index) = @_;
    my $args = $self->SUPER::getRRDArgs($index);

    for (@$args) {
        if (my ($begin, $path, $end) = /^(DEF:\w+=)(.*)(:value:[A-Z]+)$/) {
            $path =~ s/:/\\:/g;
            $_ = $begin . $path . $end;
        }
    }
    return ($args);
}

sub getGraphArgs {
    my ($self, $index) = @_;

    return (uri_escape($self->SUPER::getGraphArgs($index), '^A-Za-z0-9._~;=:-'));
}
