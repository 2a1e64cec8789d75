package dev.millrace.flink;

import java.util.Locale;

/** What runs the attribution. */
enum Engine {
    MILLRACE,
    FLINK;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Returns true if a thread of this name does what an event asks for: read it from the consumer, decode, join, keep the state, encode and hand
     * to the producer.
     *
     * <p>Kafka Streams does all of it on one thread, changelog included. Flink has one for the source's consumer, one for each of the two tasks,
     * and one that writes checkpoints. Neither has the threads of the producers' sockets, of RocksDB and of the garbage collector in this sum:
     * the process's figure has them.
     */
    boolean isWorker(String thread) {
        return switch (this) {
            case MILLRACE -> thread.contains("StreamThread");
            case FLINK ->
                thread.startsWith("Source: events")
                        || thread.startsWith("Source Data Fetcher")
                        || thread.startsWith("attribution ->")
                        || thread.startsWith("AsyncOperations");
        };
    }
}
