package dev.millrace.stream;

import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/** Runs something once on the task's thread when some time has passed, unless it is cancelled before. One wait at a time. */
final class Wait {

    private final ProcessorContext<?, ?> context;
    private Optional<Cancellable> scheduled = Optional.empty();

    Wait(ProcessorContext<?, ?> context) {
        this.context = context;
    }

    boolean isOn() {
        return scheduled.isPresent();
    }

    void begin(Duration time, Runnable then) {
        cancel();
        scheduled = Optional.of(context.schedule(time, PunctuationType.WALL_CLOCK_TIME, now -> {
            cancel(); // Kafka would repeat it
            then.run();
        }));
    }

    void cancel() {
        scheduled.ifPresent(Cancellable::cancel);
        scheduled = Optional.empty();
    }
}
