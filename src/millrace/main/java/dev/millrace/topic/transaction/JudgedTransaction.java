package dev.millrace.topic.transaction;

import java.util.Optional;

/**
 * An open transaction and what is known of its end.
 *
 * @param transactionalId of its producer; absent if no coordinator knows the producer, or this process may not ask (DESCRIBE)
 * @param reason for the fate, for people
 */
public record JudgedTransaction(OpenTransaction open, Optional<String> transactionalId, Fate fate, String reason) {

    /** Whether the log lacks an end that nobody is going to write. */
    public boolean isOrphan() {
        return fate != Fate.RUNNING;
    }

    /** One line: where, whose, since when, and what is known. */
    public String text() {
        return "transaction of producer " + open.producerId()
                + transactionalId.map(id -> " (" + id + ")").orElse("")
                + " on " + open.place() + " from offset " + open.firstOffset() + ", last written " + open.lastWrite()
                + ": " + fate.text() + ", " + reason;
    }
}
