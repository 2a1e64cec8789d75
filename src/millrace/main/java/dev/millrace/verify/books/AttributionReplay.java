package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.event.Click;
import dev.millrace.event.UnusableEventException;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.verify.books.CommitCursor.LoggedCommit;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.ExperimentHeader;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UndecodableException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The attribution of one user partition, made again: the product's own, given the events in the order that its commits recorded. */
final class AttributionReplay {

    /** Told of each event before the attribution has it. */
    interface Listener {

        /** @param rejected the reason's label; absent if the attribution takes the event */
        void event(InputTopic topic, TopicRecord record, Optional<String> rejected);
    }

    /** A commit of rules that this build does not have. */
    static final class OtherRulesException extends BrokenLogException {
        OtherRulesException(LoggedCommit logged) {
            super("the commit at " + logged.place() + " was made by rules "
                    + logged.commit().rules() + ", this build has rules " + Attribution.RULES);
        }
    }

    private final Attribution attribution;
    private final OrderedEntries entries;
    private final EventRecords events;
    private final ExperimentReference.Lookup experiments;
    private final Map<InputTopic, RecordCursor> inputs;
    private final Listener listener;
    private final Map<InputTopic, Long> positions = new EnumMap<>(InputTopic.class);
    private boolean isLateBegun;

    /**
     * @param attribution as new, with the same entries
     * @param inputs exposures, clicks and users of the partition, from where the entries stand
     * @param positions offsets behind the last events
     */
    AttributionReplay(
            Attribution attribution,
            EventRecords events,
            ExperimentReference.Lookup experiments,
            Map<InputTopic, RecordCursor> inputs,
            OrderedEntries entries,
            Map<InputTopic, Long> positions,
            Listener listener) {
        this.attribution = attribution;
        this.entries = entries;
        this.positions.putAll(positions);
        attribution.restoreFrom(entries);
        this.events = events;
        this.experiments = experiments;
        this.inputs = inputs;
        this.listener = listener;
    }

    Attribution attribution() {
        return attribution;
    }

    /** Returns where the next events are. */
    Map<InputTopic, Long> next() {
        Map<InputTopic, Long> next = new EnumMap<>(InputTopic.class);
        inputs.forEach((topic, input) -> next.put(topic, input.offset()));
        return next;
    }

    /** Returns the offsets behind the last events. */
    Map<InputTopic, Long> positions() {
        return positions;
    }

    /** Returns the offset behind the last event of a topic; 0 if there is none. */
    long position(InputTopic topic) {
        return positions.getOrDefault(topic, 0L);
    }

    /**
     * Gives the attribution what a commit took in.
     *
     * @throws BrokenLogException if that cannot be, after which no other commit can
     * @throws OtherRulesException if another build made it
     */
    void take(LoggedCommit logged) {
        if (logged.commit().rules() != Attribution.RULES) {
            throw new OtherRulesException(logged);
        }
        try {
            take(logged.commit());
        } catch (BrokenLogException broken) {
            throw new BrokenLogException("the commit at " + logged.place() + " " + broken.getMessage(), broken);
        }
        attribution.drainDirty(entries);
    }

    private void take(AttributionCommit commit) {
        attribution.clock(commit.clock());
        Map<Integer, String> rejected = new HashMap<>();
        commit.rejected().forEach((reason, numbers) -> numbers.forEach(number -> rejected.put(number, reason)));
        int number = 0;
        for (Run run : commit.runs()) {
            for (long offset = run.first(); offset < run.end(); offset++) {
                TopicRecord record = next(run.topic(), offset);
                Optional<String> reason = Optional.ofNullable(rejected.get(number++));
                listener.event(run.topic(), record, reason);
                positions.put(run.topic(), offset + 1);
                reason.ifPresentOrElse(
                        why -> attribution.reject(run.topic(), why), () -> apply(run.topic(), record, commit));
            }
        }
    }

    /** Returns whether the commit that could not be taken is the first one that has a topic, and has not its beginning. */
    boolean isLateBegun() {
        return isLateBegun;
    }

    /** The next record of a topic, which is at that offset: else one was not read, or is gone. */
    private TopicRecord next(InputTopic topic, long offset) {
        RecordCursor input = Optional.ofNullable(inputs.get(topic)).orElseThrow();
        TopicRecord record = input.take()
                .filter(found -> found.offset() <= offset)
                .orElseThrow(() -> new BrokenLogException(
                        "has offset " + offset + " of " + topic.label() + ", where no record is any more"));
        if (record.offset() < offset) {
            isLateBegun = position(topic) == 0;
            throw new BrokenLogException("passes by the record at " + record.place() + ", which can be read");
        }
        return record;
    }

    private void apply(InputTopic topic, TopicRecord record, AttributionCommit commit) {
        try {
            if (isExperiment(topic, record)) {
                ExperimentReference reference =
                        ExperimentHeader.decode(Utf8.bytes(record.headers().getOrDefault(ExperimentHeader.NAME, "")));
                Experiment state = experiments
                        .find(reference)
                        .orElseThrow(() -> unusable(record, "refers to no state of an experiment that took effect"));
                attribution.experiment(topic, state, reference.offset());
                return;
            }
            switch (topic) {
                case EXPOSURES -> attribution.expose(events.exposure(value(record)));
                case CLICKS -> {
                    Click click = events.click(value(record));
                    attribution.click(
                            click.sentWithin(click.time() - commit.maxAheadMillis(), commit.latestCredible()));
                }
                case USERS ->
                    record.value()
                            .map(events::profile)
                            .ifPresentOrElse(
                                    attribution::profile, () -> attribution.removeUser(Utf8.text(record.key())));
                case ITEMS, EXAMPLES, BATCHES ->
                    throw new IllegalStateException("the attribution reads no " + topic.label());
            }
        } catch (UndecodableException | UnusableEventException unreadable) {
            throw unusable(record, "cannot be read: " + unreadable.getMessage());
        }
    }

    static boolean isExperiment(InputTopic topic, TopicRecord record) {
        return ExperimentHeader.IN.contains(topic) && record.value().isEmpty() && ExperimentHeader.isKey(record.key());
    }

    private static byte[] value(TopicRecord record) {
        return record.value().orElseThrow(() -> unusable(record, "has no value"));
    }

    private static BrokenLogException unusable(TopicRecord record, String why) {
        return new BrokenLogException("did not reject the record at " + record.place() + ", which " + why);
    }
}
