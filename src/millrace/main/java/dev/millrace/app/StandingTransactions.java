package dev.millrace.app;

import dev.millrace.topic.transaction.JudgedTransaction;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Transactions that stand before this process's readers, as the trainer's and the server's {@code /readyz} and metrics give them.
 *
 * @param now those that stand at the moment of the call
 */
record StandingTransactions(Supplier<List<JudgedTransaction>> now) {

    /** What {@code /readyz} says of them: nothing if there are none. */
    Map<String, Object> detail() {
        List<String> texts = now.get().stream().map(JudgedTransaction::text).toList();
        return texts.isEmpty() ? Map.of() : Map.of("standingTransactions", texts);
    }

    /** Registers their number. */
    void bindTo(MeterRegistry registry) {
        Gauge.builder("millrace.transactions.standing", now, all -> all.get().size())
                .description("transactions that readers of committed records cannot pass")
                .strongReference(true)
                .register(registry);
    }
}
