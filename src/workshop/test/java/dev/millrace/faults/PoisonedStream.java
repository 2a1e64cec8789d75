package dev.millrace.faults;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.topic.EventProducer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * A good stream with bad records in all input topics, one to a hundred good ones.
 *
 * <p>Their own timestamps lie before all others, so that they never hold up a good record behind them.
 */
final class PoisonedStream implements Input {

    private static final int GOOD_TO_ONE = 100;
    private static final int LARGE_BYTES = 100_000;

    private final SeededStream good;
    private final String name;
    private final UnaryOperator<List<Poison.Dose>> choice;
    private final List<Poison.Dose> sent = new ArrayList<>();

    /** @param choice of the kinds that are sent */
    PoisonedStream(SeededStream good, String name, UnaryOperator<List<Poison.Dose>> choice) {
        this.good = good;
        this.name = name;
        this.choice = choice;
    }

    @Override
    public void sendAll(EventProducer producer) {
        sent.clear();
        Map<String, Deque<Poison.Dose>> waiting = new HashMap<>();
        SeededStream.sendUsers(producer);
        int[] count = {0};
        SeededStream.Sink sink = new SeededStream.Sink() {
            @Override
            public void exposure(Exposure exposure) {
                producer.send(exposure);
                poison("exposures", Poison::exposures);
            }

            @Override
            public void click(Click click) {
                producer.send(click);
                poison("clicks", Poison::clicks);
            }

            private void poison(String topic, IntFunction<List<Poison.Dose>> kinds) {
                count[0]++;
                if (count[0] % GOOD_TO_ONE == 0) {
                    send(producer, waiting.computeIfAbsent(topic, first -> new ArrayDeque<>()), kinds, count[0]);
                }
            }
        };
        int every = good.exposures() / Math.max(users().size(), items().size()) / 2;
        for (int number = 0; number < good.moments(); number++) {
            good.emit(number, sink);
            if (number % every == 0) {
                send(producer, waiting.computeIfAbsent("users", first -> new ArrayDeque<>()), Poison::users, number);
                send(producer, waiting.computeIfAbsent("items", first -> new ArrayDeque<>()), Poison::items, number);
            }
        }
        producer.flush();
    }

    /** What was sent that is no event. */
    List<Poison.Dose> poison() {
        return sent;
    }

    /** What a run leaves that rejects all of it, given what one leaves that gets none. */
    Outcome rejectedOf(Outcome undisturbed) {
        Outcome expected = undisturbed;
        for (Poison.Dose dose : sent) {
            expected = expected.and(dose.topic(), "rejected: " + dose.reason(), 1);
        }
        return expected;
    }

    @Override
    public SortedMap<String, Long> sent() {
        SortedMap<String, Long> all = good.sent();
        sent.forEach(dose -> all.merge(dose.topic(), 1L, Long::sum));
        return all;
    }

    @Override
    public String toString() {
        return name + " in " + good;
    }

    private List<Poison.Dose> users() {
        return choice.apply(Poison.users(0));
    }

    private List<Poison.Dose> items() {
        return choice.apply(Poison.items(0));
    }

    /** The next kind of the round; a new round when all had their turn. */
    private void send(
            EventProducer producer, Deque<Poison.Dose> round, IntFunction<List<Poison.Dose>> kinds, int number) {
        if (round.isEmpty()) {
            round.addAll(choice.apply(kinds.apply(number)));
        }
        Poison.Dose dose = round.removeFirst();
        boolean isLarge = dose.value().map(bytes -> bytes.length > LARGE_BYTES).orElse(false);
        if (isLarge) { // alone: how well it packs must not be taken for how well others will
            producer.flush();
        }
        producer.sendBytes(dose.topic(), dose.key(), dose.value(), SeededStream.T0);
        if (isLarge) {
            producer.flush();
        }
        sent.add(dose);
    }
}
