package dev.millrace.offpolicy;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UnusableEventException;
import dev.millrace.index.Draw;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.RecallRequest;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.Topic;
import dev.millrace.wire.UndecodableException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The join of explored answers with the exposures that name one, and with the clicks that name such an exposure: answers are given first, then exposures, then
 * clicks. The candidate is the same draw at another temperature. What does not fit is counted by why, and is in no row. One thread.
 */
public final class ExploredLog {

    /** Why something is in no row, or is no click of one. */
    public enum Misfit {
        /** The items do not follow from the candidates: the record was changed. */
        ANSWER_NOT_OF_ITS_RECORD("answersNotOfTheirRecords"),
        ANSWER_WITHOUT_EXPOSURES("answersWithoutExposures"),
        UNREADABLE_EXPOSURE("unreadableExposures"),
        REPEATED_EXPOSURE("repeatedExposures"),
        EXPOSURE_WITHOUT_ANSWER("exposuresWithoutAnswer"),
        EXPOSURE_OF_UNKNOWN_ANSWER("exposuresOfUnknownAnswers"),
        /** The answer was another user's. */
        EXPOSURE_TO_ANOTHER_USER("exposuresToOtherUsers"),
        EXPOSURE_OF_NO_ITEM_OF_THE_ANSWER("exposuresOfItemsNotInTheAnswer"),
        EXPOSURE_AT_ANOTHER_PLACE("exposuresAtOtherPlaces"),
        /** Another exposure has the place of the answer. */
        PLACE_SHOWN_AGAIN("placesShownAgain"),
        UNREADABLE_CLICK("unreadableClicks"),
        /** Its action is none of those that are learnt. */
        CLICK_OF_ANOTHER_ACTION("clicksOfOtherActions"),
        CLICK_WITHOUT_EXPOSURE("clicksWithoutExposure"),
        CLICK_OF_AN_EXPOSURE_IN_NO_ROW("clicksOfExposuresInNoRow"),
        CLICK_OF_ANOTHER_USER_OR_ITEM("clicksOfOtherUsersOrItems"),
        /** Before its exposure, or after its window. */
        CLICK_OUTSIDE_THE_WINDOW("clicksOutsideTheWindow");

        private final String label;

        Misfit(String label) {
            this.label = label;
        }

        /** The name of the count. */
        public String label() {
            return label;
        }
    }

    /** An explored answer; lists are in the order of its places. */
    private record Explored(
            String asker, List<String> items, List<Double> propensities, List<Double> candidate, Set<Integer> shown) {}

    private record Row(Exposure exposure, Shown shown) {}

    private final double temperature;
    private final AttributionSettings settings;
    private final Map<String, Explored> answers = new HashMap<>();
    private final Map<String, Row> rows = new HashMap<>(); // by exposure
    private final Set<String> exposures = new HashSet<>();
    private final Set<String> clicked = new HashSet<>();
    private final Map<String, Integer> users = new HashMap<>();
    private final Map<String, Integer> items = new HashMap<>();
    private final Map<Misfit, Long> misfits = new EnumMap<>(Misfit.class);

    /**
     * @param temperature of the candidate
     * @param settings which actions count, and how long after an exposure
     */
    public ExploredLog(double temperature, AttributionSettings settings) {
        this.temperature = temperature;
        this.settings = settings;
    }

    /** Reads what a cluster's topics hold. */
    public void read(Cluster cluster) {
        EventRecords events = EventRecords.unlimited(cluster.wire());
        try (TopicReader reader = cluster.reader()) {
            reader.readAll(
                    cluster.topics().answers(),
                    record -> cluster.wire().decode(Topic.ANSWERS, record).ifPresent(this::answer));
            String shown = cluster.topics().of(InputTopic.EXPOSURES);
            reader.readAll(shown, record -> record.value()
                    .ifPresent(value -> event(value, events::exposure, this::exposure, Misfit.UNREADABLE_EXPOSURE)));
            String done = cluster.topics().of(InputTopic.CLICKS);
            reader.readAll(done, record -> record.value()
                    .ifPresent(value -> event(value, events::click, this::click, Misfit.UNREADABLE_CLICK)));
        }
    }

    private <E> void event(byte[] value, Function<byte[], E> decode, Consumer<E> take, Misfit unreadable) {
        E event;
        try {
            event = decode.apply(value);
        } catch (UndecodableException | UnusableEventException deadLetter) {
            count(unreadable);
            return;
        }
        take.accept(event);
    }

    /** Takes a logged answer. One that was not drawn has no propensities. */
    void answer(LoggedAnswer logged) {
        logged.draw().ifPresent(draw -> {
            RecallRequest request = logged.question().request();
            List<String> found =
                    logged.items().stream().map(LoggedAnswer.Item::item).toList();
            Draw candidate = draw.at(temperature, request.arrangement(), request.k());
            if (candidate.items().stream().map(ScoredItem::item).toList().equals(found)) {
                answers.putIfAbsent(
                        draw.answerId(),
                        new Explored(
                                logged.asker().user(),
                                found,
                                draw.propensities(),
                                candidate.propensities(),
                                new HashSet<>()));
            } else {
                count(Misfit.ANSWER_NOT_OF_ITS_RECORD);
            }
        });
    }

    void exposure(Exposure exposure) {
        if (!exposures.add(exposure.id())) {
            count(Misfit.REPEATED_EXPOSURE);
            return;
        }
        exposure.place().ifPresentOrElse(at -> exposure(exposure, at), () -> count(Misfit.EXPOSURE_WITHOUT_ANSWER));
    }

    private void exposure(Exposure exposure, Exposure.AnswerPlace at) {
        if (!answers.containsKey(at.answer())) {
            count(Misfit.EXPOSURE_OF_UNKNOWN_ANSWER);
            return;
        }
        Explored answer = answers.get(at.answer());
        int index = at.place() - 1;
        if (!answer.asker().equals(LoggedAnswer.Asker.digest(exposure.user()))) {
            count(Misfit.EXPOSURE_TO_ANOTHER_USER);
        } else if (!answer.items().contains(exposure.item())) {
            count(Misfit.EXPOSURE_OF_NO_ITEM_OF_THE_ANSWER);
        } else if (answer.items().indexOf(exposure.item()) != index) {
            count(Misfit.EXPOSURE_AT_ANOTHER_PLACE);
        } else if (!answer.shown().add(at.place())) {
            count(Misfit.PLACE_SHOWN_AGAIN);
        } else {
            Shown shown = new Shown(
                    users.computeIfAbsent(exposure.user(), first -> users.size()),
                    items.computeIfAbsent(exposure.item(), first -> items.size()),
                    at.place(),
                    false,
                    answer.propensities().get(index),
                    answer.candidate().get(index),
                    0,
                    0);
            rows.put(exposure.id(), new Row(exposure, shown));
        }
    }

    void click(Click click) {
        if (!settings.actions().contains(click.action())) {
            count(Misfit.CLICK_OF_ANOTHER_ACTION);
        } else {
            click.exposure().ifPresentOrElse(id -> click(click, id), () -> count(Misfit.CLICK_WITHOUT_EXPOSURE));
        }
    }

    private void click(Click click, String id) {
        if (!rows.containsKey(id)) {
            count(Misfit.CLICK_OF_AN_EXPOSURE_IN_NO_ROW);
            return;
        }
        Exposure exposure = rows.get(id).exposure();
        if (!exposure.user().equals(click.user()) || !exposure.item().equals(click.item())) {
            count(Misfit.CLICK_OF_ANOTHER_USER_OR_ITEM);
        } else if (!settings.covers(exposure.time(), click)) {
            count(Misfit.CLICK_OUTSIDE_THE_WINDOW);
        } else {
            clicked.add(id);
        }
    }

    private void count(Misfit misfit) {
        misfits.merge(misfit, 1L, Long::sum);
    }

    /** Explored answers whose items follow from their records. */
    public int answers() {
        return answers.size();
    }

    /** One row for each exposure that fits, clicked or not. */
    public List<Shown> shown() {
        List<Shown> all = new ArrayList<>();
        rows.forEach((id, row) -> all.add(row.shown().clicked(clicked.contains(id))));
        return all;
    }

    /** What did not fit, in the order of the reasons; without those that did not occur. */
    public Map<Misfit, Long> misfits() {
        Map<Misfit, Long> found = new EnumMap<>(misfits);
        long unseen = answers.values().stream()
                .filter(answer -> answer.shown().isEmpty())
                .count();
        if (unseen > 0) {
            found.put(Misfit.ANSWER_WITHOUT_EXPOSURES, unseen);
        }
        return found;
    }
}
