package dev.millrace.faults;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.topic.EventProducer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What is sent to a system, the same whenever it is sent; equal inputs have equal texts. */
interface Input {

    /**
     * A record.
     *
     * @param rejection the reason that it is to be rejected for; absent of an event
     * @param sending how a producer sends it
     */
    record Sent(String topic, Optional<String> rejection, Consumer<EventProducer> sending) {}

    /** Hands over all records in their order. */
    void each(Consumer<Sent> to);

    /** Returns it without what is to be rejected. */
    default Input good() {
        return this;
    }

    /** Returns these inputs, one after the other. */
    static Input inTurn(Input... parts) {
        record InTurn(List<Input> parts) implements Input {
            @Override
            public void each(Consumer<Sent> to) {
                parts.forEach(part -> part.each(to));
            }
        }
        return new InTurn(List.of(parts));
    }

    /** Sends all of it, as fast as the broker takes it. */
    default void sendAll(EventProducer producer) {
        each(sent -> sent.sending().accept(producer));
        producer.flush();
    }

    /** Returns the number of records, by topic. */
    default SortedMap<String, Long> sent() {
        SortedMap<String, Long> counts = new TreeMap<>();
        each(sent -> counts.merge(sent.topic(), 1L, Long::sum));
        return counts;
    }

    /** Returns what a run leaves that rejects what is to be rejected, given what one leaves that gets none of it. */
    default Outcome rejectedOf(Outcome undisturbed) {
        List<Sent> rejected = new ArrayList<>();
        each(sent -> sent.rejection().ifPresent(reason -> rejected.add(sent)));
        Outcome expected = undisturbed;
        for (Sent each : rejected) {
            expected =
                    expected.and(each.topic(), "rejected: " + each.rejection().orElseThrow(), 1);
        }
        return expected;
    }

    /** Returns how a producer of ours sends an event. */
    static Sent ours(ReplayEvent event) {
        return new Sent(topic(event), Optional.empty(), producer -> send(producer, event));
    }

    private static String topic(ReplayEvent event) {
        return event instanceof ReplayEvent.ItemExposure
                ? "exposures"
                : event instanceof ReplayEvent.ItemClick
                        ? "clicks"
                        : event instanceof ReplayEvent.ProfileUpdate ? "users" : "items";
    }

    /** Sends an event as it is. */
    static void send(EventProducer producer, ReplayEvent event) {
        event.accept(new ReplayEvent.Visitor() {
            @Override
            public void item(CatalogueItem item) {
                producer.send(item);
            }

            @Override
            public void profile(UserProfile profile) {
                producer.send(profile);
            }

            @Override
            public void exposure(Exposure exposure) {
                producer.send(exposure);
            }

            @Override
            public void click(Click click) {
                producer.send(click);
            }
        });
    }
}
