package dev.millrace.cli.option;

import dev.millrace.app.MillraceSettings;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.Topics;
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

    public static GenerationAdmin admin(Cluster cluster) {
        return new GenerationAdmin(cluster, InstantSource.system());
    }
}
