package dev.culvert.bench.faults;

import java.util.List;

/// One row of the table: `id` as in the list of targets, `title` for people.
interface FaultRow {
    String id();

    String title();

    /// Roughly how long it takes in full, for the announcement.
    int seconds(Options options);

    void run(Trial trial);

    /// Every row, in the table's order; [SoakRow] runs only when asked for.
    static List<FaultRow> all() {
        return List.of(
                new RekeyRow(),
                new SoakRow(),
                new KillRow(),
                new RestartRow(),
                new StormRow(),
                new FloodRow(),
                new LoadedConnectRow(),
                new RoamingRow(),
                new ClockRow(),
                new SendErrorRow(),
                new LinkRow(),
                new ResourceRow(),
                new BigListRow(),
                new SessionListRow(),
                new HugeListRow(),
                new ManagementRow(),
                new ScrapeRow());
    }
}
