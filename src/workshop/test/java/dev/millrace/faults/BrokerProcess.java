package dev.millrace.faults;

import dev.millrace.cli.MillraceProcess;
import dev.millrace.topic.FreePort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.Uuid;

/**
 * The broker as a process of its own, started again at the same address after whatever was done to it. It is of the release that {@link BrokerRelease}
 * names.
 */
final class BrokerProcess implements AutoCloseable {

    private static final Duration STOP = Duration.ofSeconds(40);

    private final Path directory;
    private MillraceProcess process;
    private String address = "";
    private int starts;
    private final int port;
    private final List<String> properties;
    private List<String> detour = List.of();

    /**
     * @param directory that holds, or will hold, the broker's data under {@code broker}
     * @param port it listens on, 0 for any
     * @param properties of the broker, {@code key=value} each
     */
    BrokerProcess(Path directory, int port, List<String> properties) throws IOException, InterruptedException {
        this.directory = directory;
        this.port = port;
        this.properties = new ArrayList<>(properties);
        this.process = launch();
    }

    /**
     * A broker that joins the cluster of this one, which is its controller.
     *
     * @param own directory of it
     * @param node its number; this one has 1
     */
    BrokerProcess join(Path own, int node, List<String> properties) throws IOException, InterruptedException {
        Properties identity = new Properties();
        try (InputStream in = Files.newInputStream(directory.resolve("broker/embedded.properties"))) {
            identity.load(in);
        }
        String voter = "1@127.0.0.1:" + identity.getProperty("controller.port");
        identity.remove("broker.port");
        identity.remove("controller.port");
        try (OutputStream out = Files.newOutputStream(
                Files.createDirectories(own.resolve("broker")).resolve("embedded.properties"))) {
            identity.store(out, "");
        }
        int free = FreePort.find();
        List<String> all = node(node, "BROKER://127.0.0.1:" + free, voter, properties);
        all.add("process.roles=broker");
        return new BrokerProcess(own, free, all);
    }

    private static List<String> node(int node, String listeners, String voters, List<String> properties) {
        List<String> all = new ArrayList<>(List.of(
                "node.id=" + node,
                "listeners=" + listeners,
                "advertised.listeners=" + listeners,
                "controller.quorum.voters=" + voters));
        all.addAll(properties);
        return all;
    }

    /**
     * Brokers of one cluster, each of them a controller too, and a voter. None waits for the others here: one alone has no quorum.
     *
     * @param own directories, one for each
     */
    static List<BrokerProcess> quorum(List<Path> own, List<String> properties)
            throws IOException, InterruptedException {
        String cluster = Uuid.randomUuid().toString();
        List<Integer> ports = new ArrayList<>();
        List<String> voters = new ArrayList<>();
        for (int node = 1; node <= own.size(); node++) {
            Path data = Files.createDirectories(own.get(node - 1).resolve("broker"));
            Files.writeString(data.resolve("embedded.properties"), "cluster.id=" + cluster);
            ports.add(FreePort.find());
            voters.add(node + "@127.0.0.1:" + FreePort.find());
        }
        List<BrokerProcess> brokers = new ArrayList<>();
        for (int node = 1; node <= own.size(); node++) {
            int port = ports.get(node - 1);
            String voter = voters.get(node - 1);
            String listeners =
                    "BROKER://127.0.0.1:" + port + ",CONTROLLER://" + voter.substring(voter.indexOf('@') + 1);
            brokers.add(new BrokerProcess(
                    own.get(node - 1), port, node(node, listeners, String.join(",", voters), properties)));
        }
        return brokers;
    }

    /** Where it listens, host:port. */
    String address() {
        if (address.isEmpty()) {
            address = process.awaitOutput("broker (\\S+:\\d+),");
        }
        return address;
    }

    /** Starts it again, on the same directory, and waits until it listens at the same address. */
    void startAgain() throws IOException, InterruptedException {
        process = launch();
        String now = process.awaitOutput("broker (\\S+:\\d+),");
        if (!now.equals(address())) {
            throw new IllegalStateException("the broker came back at " + now + ", not at " + address());
        }
    }

    /** A property that it has from its next start on. */
    void set(String property) {
        properties.add(property);
    }

    /** Starts it anew, so that it can be reached through a proxy too. */
    void startBehind(FlakyProxy proxy) throws IOException, InterruptedException {
        stop();
        detour = List.of("--detour", proxy.brokerPort() + "=" + proxy.address());
        startAgain();
    }

    /** SIGTERM, and waits. */
    void stop() throws InterruptedException {
        process.terminate();
        process.awaitExit(STOP);
    }

    void kill() throws InterruptedException {
        process.kill();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it printed since its last start. */
    String output() {
        return process.output();
    }

    void signal(String name) throws IOException, InterruptedException {
        process.signal(name);
    }

    @Override
    public void close() throws InterruptedException {
        stop();
        process.close();
    }

    private MillraceProcess launch() throws IOException, InterruptedException {
        starts++;
        List<String> arguments = new ArrayList<>(
                List.of("broker", "--dir", directory.resolve("broker").toString(), "--port", Integer.toString(port)));
        arguments.addAll(detour);
        properties.forEach(property -> arguments.addAll(List.of("--property", property)));
        return MillraceProcess.start(
                BrokerRelease.launch(), directory, "broker-" + starts, arguments.toArray(String[]::new));
    }
}
