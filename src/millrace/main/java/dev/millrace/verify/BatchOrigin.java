package dev.millrace.verify;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.merge.Round;
import dev.millrace.topic.BatchLog.LoggedBatch;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The place of a mini-batch, or of a round, in the log, and what it holds.
 *
 * @param offset within the partition
 * @param rehearsed number of examples of earlier batches that it learns again
 * @param eventTimes of its examples; absent if it only changes the catalogue
 * @param deltas of a round, those that it took; of a shard's batch, the one that has its step; of another learner's, none
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
        Optional<EventTimes> eventTimes,
        List<DeltaOrigin> deltas) {

    /**
     * What became of a shard's delta.
     *
     * @param round that took it
     * @param roles of the item that was asked for in the batches of its steps; empty if none was
     */
    public record DeltaOrigin(long round, Round.Taken taken, Set<Role> roles) {}

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
                negatives(logged).size(),
                batch.catalogue().size(),
                times,
                logged.round().stream()
                        .flatMap(round -> round.deltas().stream())
                        .map(taken -> new DeltaOrigin(batch.step(), taken, Set.of()))
                        .toList());
    }

    BatchOrigin with(List<DeltaOrigin> others) {
        return new BatchOrigin(
                step,
                topic,
                partition,
                offset,
                examples,
                rehearsed,
                negatives,
                catalogueChanges,
                eventTimes,
                List.copyOf(others));
    }

    /** The negatives that it was learnt with: those of a round were not. */
    private static List<String> negatives(LoggedBatch logged) {
        MiniBatch batch = logged.batch();
        return logged.round().isPresent()
                ? List.of()
                : Stream.of(batch.negatives(), batch.draws().hard())
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
        if (negatives(logged).contains(item)) {
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
