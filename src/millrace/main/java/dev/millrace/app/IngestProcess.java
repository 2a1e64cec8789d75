package dev.millrace.app;

import dev.millrace.ingest.IngestServer;
import dev.millrace.serve.HttpSetup;
import dev.millrace.topic.ClusterWatch;
import dev.millrace.topic.EventDelivery;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.topic.EventDelivery.UndeliveredException;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A producer for those who have none, as one process: takes events over HTTP and writes them to the input topics. */
public final class IngestProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(IngestProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Cluster cluster;
    private final IngestServer server;

    /** The cluster that events go to. */
    private record Cluster(EventDelivery delivery, ClusterWatch watch) implements IngestServer.Brokers, AutoCloseable {

        @Override
        public void deliver(List<Event> events) throws UndeliveredException {
            delivery.deliver(events);
        }

        @Override
        public boolean areAnswering() {
            return watch.isAnswering();
        }

        @Override
        public long waitingBytes() {
            return delivery.waitingBytes();
        }

        @Override
        public void close() {
            watch.close();
            delivery.close();
        }
    }

    private IngestProcess(Cluster cluster, IngestServer server) {
        this.cluster = cluster;
        this.server = server;
    }

    /**
     * Begins to listen.
     *
     * @throws HttpSetup.PortTakenException if another process listens at the port
     * @throws dev.millrace.topic.fault.UnusableTopicException if an input topic is missing or of the wrong shape
     * @throws dev.millrace.topic.fault.MissingRightException if an input topic may not be written
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     */
    public static IngestProcess start(MillraceSettings settings, PrometheusMeterRegistry registry) {
        HttpSetup.requireFree(
                "ingest.port", settings.ingest().host(), settings.ingest().port());
        new Topics(settings.clients(), settings.topics(), PATIENCE)
                .checkInputs(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
        EventDelivery delivery = new EventDelivery(
                settings.clients(),
                settings.ingest().bufferBytes(),
                settings.ingest().timeout(),
                InstantSource.system());
        ClusterWatch watch = new ClusterWatch(settings.clients(), Map.of(), () -> {});
        watch.start();
        Cluster cluster = new Cluster(delivery, watch);
        try {
            IngestServer server = new IngestServer(
                            settings.ingest(),
                            settings.attribution().maxAhead(),
                            new EventRecords(new AvroWire(settings.wire())),
                            settings.topics().names(),
                            cluster,
                            registry)
                    .start();
            return new IngestProcess(cluster, server);
        } catch (RuntimeException refused) {
            cluster.close();
            throw refused;
        }
    }

    /** The address of the server. */
    public String url() {
        return server.url();
    }

    /** Answers the requests that are here, then ends the producer. */
    @Override
    public void close() {
        server.close();
        cluster.close();
    }
}
