package dev.millrace.app;

import dev.millrace.alarm.Alarm;
import dev.millrace.alarm.InputAlarms;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.serve.TrainServer;
import dev.millrace.stream.run.StreamRunner;
import java.util.LinkedHashMap;
import java.util.Map;

/** The health of the training applications that run in this process. */
record TrainHealth(StreamRunner runner, StandingTransactions transactions, ProgressWatch progress, InputWatch inputs)
        implements TrainServer.Health {

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
        detail.putAll(transactions.detail());
        progress.training().ifPresent(training -> {
            detail.put("generation", training.generation());
            detail.put("step", training.step());
            training.withheld().ifPresent(why -> detail.put("withheld", why));
            detail.put(
                    "alarms",
                    training.alarms().stream()
                            .filter(Alarm::isActive)
                            .map(TrainHealth::detail)
                            .toList());
        });
        detail.put(
                "input-alarms",
                inputs.active().stream().map(TrainHealth::detail).toList());
        runner.failure().ifPresent(failure -> detail.put("failure", String.valueOf(failure.getMessage())));
        return detail;
    }

    private static Map<String, Object> detail(InputAlarms.State alarm) {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("alarm", alarm.kind().text());
        detail.put("value", alarm.value());
        detail.put("limit", alarm.limit());
        detail.put("cause", alarm.kind().cause());
        return detail;
    }

    private static Map<String, Object> detail(Alarm alarm) {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("alarm", alarm.kind().text());
        detail.put("value", alarm.value());
        detail.put("limit", alarm.limit());
        detail.put("since", alarm.since());
        return detail;
    }
}
