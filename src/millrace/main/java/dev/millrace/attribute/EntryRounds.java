package dev.millrace.attribute;

import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/** Goes through entries some at a time: a user may have any number, and they may change between the rounds. */
final class EntryRounds {

    private EntryRounds() {}

    /**
     * Hands over what is chosen of all entries whose keys begin with the start of a range.
     *
     * @param from start of the range, see {@link EntrySource#behind}
     * @param most values held at once
     * @param chosen value made of an entry's key and value; absent to leave it out
     * @param taker called after the scan of a round; may put and delete entries
     */
    static <T> void forEach(
            OrderedEntries entries,
            byte[] from,
            int most,
            BiFunction<byte[], byte[], Optional<T>> chosen,
            Consumer<T> taker) {
        forEach(entries, from, EntrySource.behind(from), most, chosen, taker);
    }

    /**
     * As the other one, of the entries of a range.
     *
     * @param from first key of the range
     * @param to the key behind the last
     */
    static <T> void forEach(
            OrderedEntries entries,
            byte[] from,
            byte[] to,
            int most,
            BiFunction<byte[], byte[], Optional<T>> chosen,
            Consumer<T> taker) {
        byte[][] next = {from};
        List<T> round = new ArrayList<>();
        do {
            round.clear();
            entries.scan(next[0], to, (key, value) -> {
                chosen.apply(key, value).ifPresent(round::add);
                next[0] = Arrays.copyOf(key, key.length + 1); // the least key behind this one
                return round.size() < most;
            });
            round.forEach(taker);
        } while (round.size() == most);
    }
}
