package dev.millrace.app;

import dev.millrace.stream.AvroWire;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.StreamRunner;
import dev.millrace.stream.TopicNames;
import dev.millrace.stream.Topics;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The training side as one process. */
public final class TrainProcess {

    /** Where mini-batches come from. */
    public enum From {
        /** Made here, of the events. */
        EVENTS,
        /** Read from the log that another trainer wrote. */
        MINI_BATCHES
    }

    private static final Logger LOG = LoggerFactory.getLogger(TrainProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private TrainProcess() {}

    /**
     * The applications, ready to start.
     *
     * @throws dev.millrace.stream.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.stream.BrokerUnreachableException if no broker answers
     */
    public static StreamRunner runner(MillraceSettings settings, From from) {
        new Topics(settings.clients(), settings.topics(), PATIENCE)
                .check(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
        TopicNames names = settings.topics().names();
        AvroWire wire = new AvroWire(settings.wire());
        return new StreamRunner(
                settings.stream(),
                settings.clients(),
                switch (from) {
                    case EVENTS ->
                        Map.of(
                                StreamRunner.Part.ATTRIBUTE,
                                MillraceTopology.attribute(names, settings.attribution(), wire),
                                StreamRunner.Part.LEARN,
                                MillraceTopology.learn(
                                        names,
                                        settings.trainer(),
                                        settings.stream().maxWait(),
                                        wire));
                    case MINI_BATCHES ->
                        Map.of(
                                StreamRunner.Part.LEARN_FROM_LOG,
                                MillraceTopology.learnFromLog(
                                        names,
                                        settings.trainer(),
                                        settings.stream().isLogLearnerPublishing(),
                                        wire));
                });
    }
}
