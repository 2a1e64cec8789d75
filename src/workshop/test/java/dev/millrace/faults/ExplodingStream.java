package dev.millrace.faults;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.topic.EventProducer;
import java.util.SortedMap;

/**
 * A good stream of which some moments' clicks have the largest weight that an event may have.
 *
 * @param from first such moment
 * @param to first moment behind them
 */
record ExplodingStream(SeededStream good, int from, int to) implements Input {

    private static final double LARGEST_WEIGHT = 1e6;

    @Override
    public void sendAll(EventProducer producer) {
        SeededStream.sendUsers(producer);
        send(producer, 0, good.moments());
    }

    /** What happens from one moment to before another. */
    void send(EventProducer producer, int first, int end) {
        SeededStream.Sink plain = SeededStream.Sink.to(producer);
        SeededStream.Sink heavy = new SeededStream.Sink() {
            @Override
            public void exposure(Exposure exposure) {
                producer.send(exposure);
            }

            @Override
            public void click(Click click) {
                producer.send(new Click(
                        click.id(),
                        click.user(),
                        click.item(),
                        click.exposure(),
                        click.action(),
                        LARGEST_WEIGHT,
                        click.time(),
                        click.producedAt(),
                        click.context()));
            }
        };
        for (int moment = first; moment < end; moment++) {
            good.emit(moment, moment >= from && moment < to ? heavy : plain);
        }
        producer.flush();
    }

    @Override
    public SortedMap<String, Long> sent() {
        return good.sent();
    }
}
