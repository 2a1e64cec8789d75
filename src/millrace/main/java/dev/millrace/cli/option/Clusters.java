package dev.millrace.cli.option;

import dev.millrace.app.ClusterSettings;
import dev.millrace.app.MillraceSettings;
import dev.millrace.operation.Operator;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.Topics;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;

/** The cluster that a command works on. */
public final class Clusters {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private Clusters() {}

    public static Topics topics(MillraceSettings settings) {
        return new Topics(settings.clients(), settings.topics(), PATIENCE);
    }

    /** Checks the topics first. */
    public static Cluster open(MillraceSettings settings) {
        topics(settings).check();
        return settings.cluster();
    }

    /** As {@link #open(MillraceSettings)}, but for the sizes of records that topics take. */
    public static Cluster open(ClusterSettings settings) {
        new Topics(settings.clients(), settings.topics(), PATIENCE).check();
        return settings.cluster();
    }

    /**
     * Administers generations in the name of whoever runs this process.
     *
     * @param command that does so
     */
    public static GenerationAdmin admin(Cluster cluster, String command) {
        return new GenerationAdmin(cluster, log(cluster, command));
    }

    /**
     * Enters into the audit log in the name of whoever runs this process.
     *
     * @param command that does so
     */
    public static OperatorLog log(Cluster cluster, String command) {
        Operator operator = new Operator(
                System.getProperty("user.name", ""),
                "millrace " + command,
                host(),
                cluster.clients().clientId());
        return new OperatorLog(cluster, operator, InstantSource.system());
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException unnamed) { // a machine that cannot resolve its own name
            return "";
        }
    }
}
