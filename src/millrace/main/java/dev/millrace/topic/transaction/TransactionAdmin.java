package dev.millrace.topic.transaction;

import dev.millrace.topic.ClientSettings;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Open transactions on all that Millrace writes, for commands and for a start.
 *
 * @param topics that Millrace writes beside its changelogs
 * @param applications ids of its Streams applications
 */
public record TransactionAdmin(ClientSettings clients, Collection<String> topics, Collection<String> applications) {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** The topics that the cluster lists for this process, Kafka's own among them: those that it may describe. */
    public Set<String> listed() {
        return with(Transactions::listed);
    }

    /** What is open now. */
    public List<JudgedTransaction> open() {
        return with(transactions -> transactions.open(transactions.written(topics, applications)));
    }

    /** Writes the ends that are known. Returns what is open then. */
    public List<JudgedTransaction> settle() {
        return with(transactions -> transactions.settle(transactions.written(topics, applications)));
    }

    /**
     * Writes the ends that are known.
     *
     * @throws UndecidedTransactionException if the end of an orphan is not known
     */
    public void settleOrRefuse() {
        with(transactions -> {
            transactions.settleOrRefuse(transactions.written(topics, applications));
            return true;
        });
    }

    /** Writes an end, whatever is known of it. */
    public void end(JudgedTransaction orphan, boolean isCommit) {
        with(transactions -> {
            transactions.end(orphan.open(), isCommit);
            return true;
        });
    }

    private <T> T with(Function<Transactions, T> task) {
        try (Transactions transactions = new Transactions(clients, PATIENCE)) {
            return task.apply(transactions);
        } catch (RetriableException late) {
            throw clients.unreachable(PATIENCE, late);
        }
    }
}
