package dev.millrace.ingest;

import dev.millrace.access.AccessSettings;
import dev.millrace.serve.ClientLimits;
import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/** How events are taken over HTTP. */
public record IngestSettings(
        String host,
        int port,
        AccessSettings access,
        ClientLimits clients,
        int threads,
        int maxRate,
        long bufferBytes,
        Duration timeout) {

    private static final String PREFIX = "ingest.";

    public static IngestSettings read(SettingsReader reader) {
        String host = reader.text(PREFIX
                + "host = 127.0.0.1: address to bind; one that is not a loopback address needs tokens and "
                + "TLS, or ingest.insecure");
        return new IngestSettings(
                host,
                reader.integer(PREFIX + "port = 8082 in [0, 65535]: port of ingest; 0 takes a free one"),
                AccessSettings.read(reader, PREFIX, host),
                ClientLimits.read(reader, "ingest"),
                reader.integer(PREFIX
                        + "threads = 8 in [1, 256]: threads that read batches of events and wait for the brokers"),
                reader.integer(PREFIX
                        + "max-rate = 0 in [0, 10000000]: maximum events a second of all clients together; "
                        + "each event of a batch counts, and any other request counts as one; more "
                        + "get 429; 0: no limit"),
                reader.longInteger(PREFIX
                        + "buffer-bytes = 33554432 in [8388608, 1073741824]: maximum bytes of events that "
                        + "wait for the brokers; a batch beyond it gets 503"),
                reader.duration(PREFIX
                        + "timeout = 10s in [1s, 30s]: time within which the brokers must acknowledge a "
                        + "batch, or it gets 503"));
    }
}
