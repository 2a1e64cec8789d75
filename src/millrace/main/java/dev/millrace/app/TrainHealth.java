package dev.millrace.app;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.InputAlarms;
import dev.millrace.alarm.Symptom;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.serve.HttpSetup;
import dev.millrace.serve.TrainServer;
import dev.millrace.serve.TrainServerSettings;
import dev.millrace.stream.TopologyShape;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.transaction.JudgedTransaction;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The health of the applications that run in this process.
 *
 * @param more what {@code /readyz} says beside what holds of any application
 */
record TrainHealth(StreamRunner runner, Supplier<Map<String, Object>> more) implements TrainServer.Health {

    private static final Logger LOG = LoggerFactory.getLogger(TrainHealth.class);

    /** Of a trainer. */
    TrainHealth(StreamRunner runner, ProgressWatch progress, InputAlarms inputs) {
        this(runner, () -> ofTrainer(progress, inputs));
    }

    /** Starts the server that tells it; none if its port is taken. */
    static Optional<TrainServer> server(
            TrainServerSettings settings, TrainHealth health, TopologyShape shape, PrometheusMeterRegistry registry) {
        try {
            return Optional.of(new TrainServer(settings, health, shape, registry).start());
        } catch (HttpSetup.PortTakenException taken) {
            LOG.warn("Running without health and metrics: {}", taken.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public boolean isAlive() {
        return runner.isAlive();
    }

    @Override
    public boolean isReady() {
        return runner.isReady();
    }

    @Override
    public Map<String, Object> detail() {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("applications", runner.states());
        detail.put("cluster", runner.isClusterAnswering() ? "answering" : "silent");
        detail.put("lag", runner.lag());
        Map<String, Object> standing = new LinkedHashMap<>();
        runner.standstills().forEach((application, since) -> standing.put(application, since.toSeconds()));
        if (!standing.isEmpty()) {
            detail.put("secondsWithoutProgress", standing);
        }
        detail.putAll(standing(runner.standingTransactions()));
        detail.putAll(more.get());
        runner.failure().ifPresent(failure -> detail.put("failure", String.valueOf(failure.getMessage())));
        return detail;
    }

    private static Map<String, Object> ofTrainer(ProgressWatch progress, InputAlarms inputs) {
        Map<String, Object> detail = new LinkedHashMap<>();
        progress.training().ifPresent(training -> {
            detail.put("generation", training.generation());
            detail.put("step", training.step());
            training.withheld().ifPresent(why -> detail.put("withheld", why));
            detail.put(
                    "alarms",
                    training.alarms().stream()
                            .filter(Alarm::isActive)
                            .map(alarm -> {
                                Map<String, Object> told = alarm(alarm.kind(), alarm.value(), alarm.limit());
                                told.put("since", alarm.since());
                                return told;
                            })
                            .toList());
        });
        detail.put(
                "input-alarms",
                inputs.states().stream()
                        .filter(InputAlarms.State::isActive)
                        .map(alarm -> alarm(alarm.kind(), alarm.value(), alarm.limit()))
                        .toList());
        return detail;
    }

    /** What {@code /readyz} of a trainer or server says of transactions that stand before its readers: nothing if there are none. */
    static Map<String, Object> standing(List<JudgedTransaction> transactions) {
        return transactions.isEmpty()
                ? Map.of()
                : Map.of(
                        "standingTransactions",
                        transactions.stream().map(JudgedTransaction::text).toList());
    }

    private static Map<String, Object> alarm(Symptom symptom, double value, double limit) {
        Map<String, Object> alarm = new LinkedHashMap<>();
        alarm.put("alarm", symptom.text());
        alarm.put("value", value);
        alarm.put("limit", limit);
        alarm.put("cause", symptom.cause());
        return alarm;
    }
}
