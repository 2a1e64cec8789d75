package dev.millrace.topic;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * A real Kafka broker, KRaft controller included, inside this process: for the demo and for tests.
 *
 * <p>It listens on the loopback address alone, without security. It keeps data, cluster id and ports in a directory; a later
 * broker on the same directory goes on where this one ended. Close it after all its clients.
 */
public final class EmbeddedBroker implements AutoCloseable {

    private static final String HOST = "127.0.0.1";
    private static final int NODE = 1;
    private static final String CLUSTER_ID = "cluster.id";
    private static final String BROKER_PORT = "broker.port";
    private static final String CONTROLLER_PORT = "controller.port";
    private static final int ANY_PORT = 0;

    /**
     * A second listener, for clients that reach the broker through something else, such as a proxy.
     *
     * @param port it listens on
     * @param address that the broker advertises to clients of this listener, host:port
     */
    public record Detour(int port, String address) {}

    private final KafkaRaftServer server;
    private final String bootstrapServers;
    private final FileChannel lock;

    private EmbeddedBroker(KafkaRaftServer server, String bootstrapServers, FileChannel lock) {
        this.server = server;
        this.bootstrapServers = bootstrapServers;
        this.lock = lock;
    }

    /** Starts a broker on a directory, at any free ports. */
    public static EmbeddedBroker start(Path directory) {
        return start(directory, ANY_PORT);
    }

    /**
     * Starts a broker on a directory.
     *
     * @param port it listens on; 0 for the port it had before, else any free one
     */
    public static EmbeddedBroker start(Path directory, int port) {
        return start(directory, port, Optional.empty(), Map.of());
    }

    /** As {@link #start(Path, int)}, with a second listener, and with properties of the broker that hold before those of this class. */
    public static EmbeddedBroker start(
            Path directory, int port, Optional<Detour> detour, Map<String, String> properties) {
        try {
            PrivateDirectory.make(directory);
            FileChannel lock = claim(directory);
            try {
                Properties identity = identity(directory.resolve("embedded.properties"), port);
                Path logs = PrivateDirectory.claim(directory.resolve("log"));
                Properties config = config(identity, logs, detour);
                config.putAll(properties);
                format(logs, identity.getProperty(CLUSTER_ID), Integer.parseInt(config.getProperty("node.id")));
                KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(config, false), Time.SYSTEM);
                server.startup();
                return new EmbeddedBroker(server, HOST + ":" + identity.getProperty(BROKER_PORT), lock);
            } catch (IOException | RuntimeException failed) {
                lock.close();
                throw failed;
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot start a broker on " + directory, failed);
        }
    }

    /** Before anything is written: Kafka's own lock comes so late that another broker on the same files would end the one that runs. */
    private static FileChannel claim(Path directory) throws IOException {
        FileChannel channel = FileChannel.open(
                directory.resolve("embedded.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException sameProcess) {
            // reported below, as another process's is
        }
        channel.close();
        throw new IOException("another broker runs on this folder");
    }

    /** Where it listens, host:port. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    @Override
    public void close() {
        try (lock) {
            server.shutdown();
            server.awaitShutdown();
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot let go of the broker's folder", failed);
        }
    }

    private static Properties identity(Path file, int port) throws IOException {
        Properties identity = new Properties();
        if (Files.exists(file)) {
            try (InputStream in = Files.newInputStream(file)) {
                identity.load(in);
            }
        }
        identity.putIfAbsent(CLUSTER_ID, Uuid.randomUuid().toString());
        int broker = port == ANY_PORT ? freePort(identity, BROKER_PORT) : port;
        int controller = freePort(identity, CONTROLLER_PORT);
        while (controller == broker) { // nothing listens there yet
            controller = FreePort.find();
        }
        identity.setProperty(BROKER_PORT, Integer.toString(broker));
        identity.setProperty(CONTROLLER_PORT, Integer.toString(controller));
        try (OutputStream out = Files.newOutputStream(file)) {
            identity.store(out, "the embedded broker's identity and last ports");
        }
        return identity;
    }

    /** The port that it had before, if it is free. */
    private static int freePort(Properties identity, String name) {
        String before = identity.getProperty(name);
        return before == null ? FreePort.find() : FreePort.find(Integer.parseInt(before));
    }

    private static void format(Path logs, String clusterId, int node) throws IOException {
        if (Files.exists(logs.resolve("meta.properties"))) {
            return;
        }
        try {
            new Formatter()
                    .setNodeId(node)
                    .setClusterId(clusterId)
                    .setControllerListenerName("CONTROLLER")
                    .setReleaseVersion(MetadataVersion.latestProduction())
                    .setDirectories(List.of(logs.toString()))
                    .setMetadataLogDirectory(logs.toString())
                    .setIgnoreFormatted(true)
                    .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                    .run();
        } catch (IOException | RuntimeException failed) {
            throw failed;
        } catch (Exception failed) { // run() declares it
            throw new IOException("formatting " + logs, failed);
        }
    }

    private static Properties config(Properties identity, Path logs, Optional<Detour> detour) {
        String own = "BROKER://" + HOST + ":" + identity.getProperty(BROKER_PORT) + ",CONTROLLER://" + HOST + ":"
                + identity.getProperty(CONTROLLER_PORT);
        Properties config = new Properties();
        config.put("process.roles", "broker,controller");
        config.put("node.id", Integer.toString(NODE));
        config.put(
                "listeners",
                own + detour.map(by -> ",DETOUR://" + HOST + ":" + by.port()).orElse(""));
        config.put(
                "advertised.listeners",
                own + detour.map(by -> ",DETOUR://" + by.address()).orElse(""));
        config.put("listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,DETOUR:PLAINTEXT");
        config.put("inter.broker.listener.name", "BROKER");
        config.put("controller.listener.names", "CONTROLLER");
        // a static voter: a dynamic quorum would remember a port that may change
        config.put("controller.quorum.voters", NODE + "@" + HOST + ":" + identity.getProperty(CONTROLLER_PORT));
        config.put("log.dirs", logs.toString());
        config.put("auto.create.topics.enable", "false");
        config.put("offsets.topic.replication.factor", "1");
        config.put("offsets.topic.num.partitions", "4");
        config.put("transaction.state.log.replication.factor", "1");
        config.put("transaction.state.log.min.isr", "1");
        config.put("transaction.state.log.num.partitions", "4");
        config.put("share.coordinator.state.topic.replication.factor", "1");
        config.put("share.coordinator.state.topic.min.isr", "1");
        config.put("share.coordinator.state.topic.num.partitions", "4");
        config.put("group.initial.rebalance.delay.ms", "0");
        // a transaction may begin while the markers of the one before are written, which takes long on a cold JVM: the
        // broker waits, instead
        // of refusing the first batch and then, as out of order, those behind it
        config.put("add.partitions.to.txn.retry.backoff.max.ms", "10000");
        config.put("log.cleaner.dedupe.buffer.size", "8388608");
        config.put("num.network.threads", "2");
        config.put("num.io.threads", "2");
        config.put("background.threads", "2");
        // after a kill, the next start waits until the session of the killed broker has ended
        config.put("broker.session.timeout.ms", "2000");
        config.put("broker.heartbeat.interval.ms", "500");
        return config;
    }
}
