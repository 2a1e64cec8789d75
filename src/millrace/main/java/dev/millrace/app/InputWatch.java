package dev.millrace.app;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.wire.PartProgress;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the books of all parts for what may be wrong with the events. A line in the log says when it begins and when it ends.
 *
 * @param startedAt when this process started, epoch milliseconds wall clock
 */
record InputWatch(InputAlarms alarms, long startedAt) {

    private static final Logger LOG = LoggerFactory.getLogger(InputWatch.class);

    void take(PartProgress part) {
        alarms.take(part.part(), part.books(), part.writtenAt() < startedAt).forEach(InputWatch::log);
    }

    List<InputAlarms.State> active() {
        return alarms.states().stream().filter(InputAlarms.State::isActive).toList();
    }

    void bindTo(MeterRegistry registry) {
        for (InputAlarms.Kind kind : InputAlarms.Kind.values()) {
            Gauge.builder("millrace.input.alarm", alarms, all -> of(all, kind).isActive() ? 1 : 0)
                    .description("1 while a measure of the events is beyond its limit")
                    .tag("alarm", kind.text())
                    .register(registry);
            Gauge.builder("millrace.input.measure", alarms, all -> of(all, kind).value())
                    .description("the measure of the events that the alarm compares with its limit")
                    .tag("alarm", kind.text())
                    .register(registry);
        }
    }

    private static InputAlarms.State of(InputAlarms alarms, InputAlarms.Kind kind) {
        return alarms.states().stream()
                .filter(state -> state.kind() == kind)
                .findFirst()
                .orElseThrow();
    }

    private static void log(InputAlarms.State state) {
        String measured = String.format(
                Locale.ROOT, "%s is %.3g, limit %.3g", state.kind().text(), state.value(), state.limit());
        if (state.isActive()) {
            LOG.error("Alarm: {}; {}", measured, state.kind().cause());
        } else {
            LOG.info("No alarm any more: {}", measured);
        }
    }
}
