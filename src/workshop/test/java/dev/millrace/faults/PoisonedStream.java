package dev.millrace.faults;

import dev.millrace.replay.ReplayEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * A good stream with bad records in all input topics, one to a hundred good ones.
 *
 * <p>Their own timestamps lie before all others, so that they never hold up a good record behind them.
 *
 * @param reason of those that are sent; empty for all
 */
record PoisonedStream(SeededStream good, String reason) implements Input {
    private static final int GOOD_TO_ONE = 100;
    private static final int LARGE_BYTES = 100_000;
    private static final Map<String, IntFunction<List<Poison.Dose>>> KINDS = Map.of(
            "exposures", Poison::exposures, "clicks", Poison::clicks, "users", Poison::users, "items", Poison::items);

    @Override
    public void each(Consumer<Sent> to) {
        read(event -> to.accept(Input.ours(event)), dose -> to.accept(sent(dose)));
    }

    /** Returns what is sent that is no event. */
    List<Poison.Dose> doses() {
        List<Poison.Dose> doses = new ArrayList<>();
        read(event -> {}, doses::add);
        return doses;
    }

    private void read(Consumer<ReplayEvent> events, Consumer<Poison.Dose> doses) {
        Map<String, Deque<Poison.Dose>> rounds = new HashMap<>();
        int every = good.exposures() / chosen("users", 0).size() / 2;
        int[] count = {0};
        good.part(0, 0).events(events);
        for (int moment = 0; moment < good.moments(); moment++) {
            good.emit(moment, 1, 0, event -> {
                events.accept(event);
                if (++count[0] % GOOD_TO_ONE == 0) {
                    doses.accept(
                            next(event instanceof ReplayEvent.ItemClick ? "clicks" : "exposures", count[0], rounds));
                }
            });
            if (moment % every == 0) {
                doses.accept(next("users", moment, rounds));
                doses.accept(next("items", moment, rounds));
            }
        }
    }

    /** The next kind of a topic's round; a new round when all had their turn. */
    private Poison.Dose next(String topic, int number, Map<String, Deque<Poison.Dose>> rounds) {
        Deque<Poison.Dose> round = rounds.computeIfAbsent(topic, first -> new ArrayDeque<>());
        if (round.isEmpty()) {
            round.addAll(chosen(topic, number));
        }
        return round.removeFirst();
    }

    private List<Poison.Dose> chosen(String topic, int number) {
        return Optional.ofNullable(KINDS.get(topic)).orElseThrow().apply(number).stream()
                .filter(dose -> reason.isEmpty() || dose.reason().equals(reason))
                .toList();
    }

    private static Sent sent(Poison.Dose dose) {
        boolean isLarge = dose.value().map(bytes -> bytes.length > LARGE_BYTES).orElse(false);
        return new Sent(dose.topic(), Optional.of(dose.reason()), producer -> {
            if (isLarge) { // alone: how well it packs must not be taken for how well others will
                producer.flush();
            }
            producer.sendBytes(dose.topic(), dose.key(), dose.value(), SeededStream.T0);
            if (isLarge) {
                producer.flush();
            }
        });
    }
}
