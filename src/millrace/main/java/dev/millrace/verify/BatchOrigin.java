package dev.millrace.verify;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.topic.BatchLog.LoggedBatch;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The place of a mini-batch in the log, and what it holds.
 *
 * @param offset within the partition
 * @param rehearsed number of examples of earlier batches that it learns again
 * @param eventTimes of its examples; absent if it only changes the catalogue
 */
public record BatchOrigin(
        long step,
        String topic,
        int partition,
        long offset,
        int examples,
        int rehearsed,
        int negatives,
        int catalogueChanges,
        Optional<EventTimes> eventTimes) {

    /**
     * Event times from and to, both included.
     *
     * @param first epoch milliseconds
     * @param last epoch milliseconds
     */
    public record EventTimes(long first, long last) {}

    /** What an item is to a batch. */
    public enum Role {
        POSITIVE("positive"),
        REHEARSED("positive that was learnt before"),
        CATALOGUE_CHANGE("catalogue change"),
        NEGATIVE("negative"),
        HISTORY("in a user's history");

        private final String words;

        Role(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }
    }

    static BatchOrigin of(LoggedBatch logged) {
        MiniBatch batch = logged.batch();
        Optional<EventTimes> times = batch.examples().stream()
                .map(example -> new EventTimes(example.time(), example.time()))
                .reduce((one, other) ->
                        new EventTimes(Math.min(one.first, other.first), Math.max(one.last, other.last)));
        return new BatchOrigin(
                batch.step(),
                logged.topic(),
                logged.partition(),
                logged.offset(),
                batch.examples().size(),
                batch.rehearsed().size(),
                negatives(batch).size(),
                batch.catalogue().size(),
                times);
    }

    private static List<String> negatives(MiniBatch batch) {
        return Stream.of(batch.negatives(), batch.draws().hard())
                .flatMap(List::stream)
                .toList();
    }

    /** What an item is to a batch; empty if the batch does not name it. */
    static Set<Role> roles(LoggedBatch logged, String item) {
        MiniBatch batch = logged.batch();
        Set<Role> roles = EnumSet.noneOf(Role.class);
        add(roles, Role.POSITIVE, batch.examples(), item);
        add(roles, Role.REHEARSED, batch.rehearsed(), item);
        for (CatalogueChange change : batch.catalogue()) {
            if (change.itemId().equals(item)) {
                roles.add(Role.CATALOGUE_CHANGE);
            }
        }
        if (negatives(batch).contains(item)) {
            roles.add(Role.NEGATIVE);
        }
        return roles;
    }

    private static void add(Set<Role> roles, Role ofItem, List<TrainingExample> examples, String item) {
        for (TrainingExample example : examples) {
            if (example.item().equals(item)) {
                roles.add(ofItem);
            }
            if (example.user().history().contains(item)) {
                roles.add(Role.HISTORY);
            }
        }
    }
}
