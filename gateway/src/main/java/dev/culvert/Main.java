package dev.culvert;

import dev.culvert.cli.GatewayOptions;
import dev.culvert.cli.RunningGateway;

/// The program's entry.
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        String name = args[args.length - 1];
        int lanes = Integer.parseInt(System.getenv().getOrDefault("CULVERT_LANES", "0"));
        String engine = System.getenv().getOrDefault("CULVERT_ENGINE", "auto");
        RunningGateway gateway = Gateway.LAUNCHER.start(new GatewayOptions(name, lanes, engine, 0));
        Runtime.getRuntime().addShutdownHook(new Thread(gateway::close));
        gateway.awaitEnd();
        System.exit(0);
    }
}
