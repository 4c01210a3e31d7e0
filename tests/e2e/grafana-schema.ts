// The types that a dashboard must fit, of Grafana's own packages @grafana/schema and
// @grafana/prometheus.
// test-grafana-schema.sh appends the dashboards as constants, and has the compiler judge.

import type * as Dashboards from './node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen';
import type * as BarGauge from './node_modules/@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/types.gen';
import type * as Stat from './node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type { Prometheus } from './package/dist/types/dataquery';
import type * as Table from './node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as TimeSeries from './node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';

// What JSON can say of a type: the texts of its enumerations instead of their names.
type Plain<T> = unknown extends T ? T
    : T extends string ? `${T}`
    : T extends number | boolean | null | undefined ? T
    : { [Key in keyof T]: Plain<T[Key]> };

// A kind of panel, with the options and the custom part of fields that are its own.
type PanelOf<Type, Options, Custom> = Plain<Omit<Dashboards.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'>> & {
    type: Type;
    options: Plain<Options>;
    fieldConfig: Plain<Omit<Dashboards.FieldConfigSource, 'defaults'>> & {
        defaults: Plain<Omit<Dashboards.FieldConfig, 'custom'>> & { custom?: Plain<Custom> };
    };
    targets: Target[];
};

type Panel =
    | PanelOf<'bargauge', BarGauge.Options, never>
    | PanelOf<'stat', Stat.Options, never>
    | PanelOf<'table', Table.Options, Partial<Table.FieldConfig>>
    | PanelOf<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>
    | Plain<Dashboards.RowPanel>;

// There are no types for queries of Graphite, nor for what a query of Prometheus adds to an
// annotation: these are ours.
type Graphite = { refId: string; target: string };
type Target = Plain<Omit<Prometheus, 'scopes' | 'adhocFilters'>> | Graphite;
type Annotation = Plain<Dashboards.AnnotationQuery> & {
    expr: string; titleFormat: string; textFormat: string; tagKeys: string; step: string; useValueForTime: 'on' | 'off';
};

type Dashboard = Plain<Omit<Dashboards.Dashboard, 'panels' | 'annotations'>> & {
    panels: Panel[];
    annotations: { list: Annotation[] };
};
