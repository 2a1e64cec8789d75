package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.event.Click;
import dev.millrace.event.UnusableEventException;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.verify.books.RecordedAttribution.LoggedCommit;
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

    /** Receives what is made, after the event that makes it. Users' features are left out unless asked for. */
    interface Output extends Attribution.Output {

        /** @param rejected the reason's label; absent if the attribution takes the event */
        void event(InputTopic topic, TopicRecord record, Optional<String> rejected);

        @Override
        default void userFeatures(UserFeatures user) {}
    }

    /** A commit of rules that this build does not have. */
    static final class OtherRulesException extends BrokenLogException {
        OtherRulesException(LoggedCommit logged) {
            super("the commit at " + logged.place() + " was made by rules "
                    + logged.commit().rules() + ", this build has rules " + Attribution.RULES);
        }
    }

    private final RecordedAttribution source;
    private final AttributionPlace from;
    private final OrderedEntries entries;
    private final Output to;
    private final Attribution attribution;
    private final EventRecords events;
    private final Map<InputTopic, RecordCursor> inputs = new EnumMap<>(InputTopic.class);
    private final Map<InputTopic, Long> read = new EnumMap<>(InputTopic.class); // offsets behind the last events
    private boolean isLateBegun;

    /** @param entries as they are at the place, and for the replay to change */
    AttributionReplay(RecordedAttribution source, AttributionPlace from, OrderedEntries entries, Output to) {
        this.source = source;
        this.from = from;
        this.entries = entries;
        this.to = to;
        this.attribution = new Attribution(source.settings(), entries, to);
        attribution.restoreFrom(entries);
        this.events = EventRecords.unlimited(source.wire());
        for (InputTopic topic : AttributionCommit.TOPICS) {
            inputs.put(topic, source.events(topic, from.partition(), from.next(topic)));
        }
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

    /** Returns whether it has read all events of a topic before an offset, and no others. */
    boolean isAt(InputTopic topic, long offset) {
        return read.getOrDefault(topic, 0L) <= offset && input(topic).offset() >= offset;
    }

    /** Returns whether no event of a topic was ever read. */
    boolean isUnread(InputTopic topic) {
        return from.next(topic) == 0 && !read.containsKey(topic);
    }

    /** Returns whether the commit that could not be taken is the first one that has a topic, and has not its beginning. */
    boolean isLateBegun() {
        return isLateBegun;
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
                to.event(run.topic(), record, reason);
                read.put(run.topic(), offset + 1);
                reason.ifPresentOrElse(
                        why -> attribution.reject(run.topic(), why), () -> apply(run.topic(), record, commit));
            }
        }
    }

    private RecordCursor input(InputTopic topic) {
        return Optional.ofNullable(inputs.get(topic)).orElseThrow();
    }

    /** The next record of a topic, which is at that offset: else one was not read, or is gone. */
    private TopicRecord next(InputTopic topic, long offset) {
        TopicRecord record = input(topic)
                .take()
                .filter(found -> found.offset() <= offset)
                .orElseThrow(() -> new BrokenLogException(
                        "has offset " + offset + " of " + topic.label() + ", where no record is any more"));
        if (record.offset() < offset) {
            isLateBegun = isUnread(topic);
            throw new BrokenLogException("passes by the record at " + record.place() + ", which can be read");
        }
        return record;
    }

    private void apply(InputTopic topic, TopicRecord record, AttributionCommit commit) {
        try {
            if (isExperiment(topic, record)) {
                ExperimentReference reference =
                        ExperimentHeader.decode(Utf8.bytes(record.headers().getOrDefault(ExperimentHeader.NAME, "")));
                Experiment state = source.experiments()
                        .find(reference)
                        .orElseThrow(() -> unusable(record, "refers to no state of an experiment that took effect"));
                attribution.experiment(topic, state, reference.offset());
            } else if (topic == InputTopic.USERS && record.value().isEmpty()) {
                attribution.removeUser(Utf8.text(record.key()));
            } else {
                apply(topic, record.value().orElseThrow(() -> unusable(record, "has no value")), commit);
            }
        } catch (UndecodableException | UnusableEventException unreadable) {
            throw unusable(record, "cannot be read: " + unreadable.getMessage());
        }
    }

    private void apply(InputTopic topic, byte[] value, AttributionCommit commit) {
        switch (topic) {
            case EXPOSURES -> attribution.expose(events.exposure(value));
            case CLICKS -> {
                Click click = events.click(value);
                attribution.click(click.sentWithin(click.time() - commit.maxAheadMillis(), commit.latestCredible()));
            }
            case USERS -> attribution.profile(events.profile(value));
            case ITEMS, EXAMPLES, BATCHES ->
                throw new IllegalStateException("the attribution reads no " + topic.label());
        }
    }

    static boolean isExperiment(InputTopic topic, TopicRecord record) {
        return ExperimentHeader.IN.contains(topic) && record.value().isEmpty() && ExperimentHeader.isKey(record.key());
    }

    private static BrokenLogException unusable(TopicRecord record, String why) {
        return new BrokenLogException("did not reject the record at " + record.place() + ", which " + why);
    }
}
