package dev.millrace.stream.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class ContinuityTest {

    private static final TopicPartition CLICKS_0 = new TopicPartition("clicks", 0);
    private static final TopicPartition CLICKS_1 = new TopicPartition("clicks", 1);
    private static final String BOOKS = "app-books-changelog";

    private final SortedMap<TopicPartition, Continuity.Span> inputs =
            new TreeMap<>(Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition));
    private final Map<TopicPartition, Continuity.Position> committed = new HashMap<>();
    private Optional<Continuity.Found> books = found("compact", span(0, 7), span(0, 9));

    ContinuityTest() {
        inputs.put(CLICKS_0, span(0, 100));
        inputs.put(CLICKS_1, span(20, 50));
        committed.put(CLICKS_0, new Continuity.Position(40, true));
        committed.put(CLICKS_1, new Continuity.Position(50, true));
    }

    @Test
    void whereNothingIsMissingItGoesOn() {
        assertThat(faults()).isEmpty();
    }

    @Test
    void oneThatNeverRanBeginsAtTheFirstRecordThereIs() {
        committed.clear();
        books = Optional.empty();

        assertThat(faults()).isEmpty();
        assertThat(continuity().isFirstStart()).isTrue();
        assertThat(continuity().beginnings()).isEqualTo(Map.of(CLICKS_0, 0L, CLICKS_1, 20L));
    }

    @Test
    void aFirstStartMayHaveLeftEmptyChangelogs() {
        committed.clear();
        books = found("compact", span(0, 0), span(0, 0));

        assertThat(faults()).isEmpty();
        assertThat(continuity().isFirstStart()).isTrue();
    }

    @Test
    void anOffsetBelowItsTopicSaysHowMuchIsGone() {
        inputs.put(CLICKS_0, span(65, 100)); // stands at 40

        assertThat(faults()).singleElement().satisfies(fault -> assertThat(fault)
                .startsWith("group app stands at offset 40 of clicks-0, which begins at 65: 25 offsets are gone")
                .contains("retention", "stream.application-id", "--reset-offsets --to-earliest --topic clicks:0"));
    }

    @Test
    void anOffsetAtTheBeginningOrTheEndIsWhereItShouldBe() {
        committed.put(CLICKS_0, new Continuity.Position(0, true));
        committed.put(CLICKS_1, new Continuity.Position(20, true));
        assertThat(faults()).isEmpty();

        committed.put(CLICKS_0, new Continuity.Position(100, true));
        assertThat(faults()).isEmpty();
    }

    @Test
    void anOffsetPastTheEndMeansThatTheTopicWasMadeAgain() {
        inputs.put(CLICKS_0, span(0, 39)); // stands at 40

        assertThat(faults()).singleElement().satisfies(fault -> assertThat(fault)
                .startsWith("group app stands at offset 40 of clicks-0, which ends at 39: the topic was made again"));
    }

    @Test
    void newOtherAndLostPartitionsAreFaults() {
        inputs.put(new TopicPartition("clicks", 2), span(0, 0));
        inputs.put(new TopicPartition("users", 0), span(0, 0));
        inputs.remove(CLICKS_1);

        assertThat(faults())
                .hasSize(3)
                .anySatisfy(fault -> assertThat(fault).startsWith("clicks-2 is new to group app"))
                .anySatisfy(fault -> assertThat(fault).startsWith("group app has offsets, but none of users-0"))
                .anySatisfy(
                        fault -> assertThat(fault).startsWith("group app has an offset of clicks-1, which is gone"));
    }

    @Test
    void aGroupThatWasForgottenIsNotAFirstStart() {
        committed.clear();

        // 7 + 9 entries
        assertThat(faults()).singleElement().satisfies(fault -> assertThat(fault)
                .startsWith("group app has no offsets, but its changelog " + BOOKS + " holds 16")
                .contains("offsets.retention.minutes"));
    }

    @Test
    void aChangelogThatIsGoneIsMissedOnceTheGroupHasMoved() {
        books = Optional.empty();
        assertThat(faults()).singleElement().satisfies(fault -> assertThat(fault)
                .startsWith("changelog " + BOOKS + " is gone"));

        committed.put(CLICKS_0, new Continuity.Position(0, false)); // put there by a first start
        committed.put(CLICKS_1, new Continuity.Position(20, false));
        assertThat(faults()).isEmpty();
    }

    @Test
    void allThatIsWrongWithAChangelogIsSaid() {
        books = found("compact,delete", span(3, 7), span(0, 0), span(0, 0));

        assertThat(faults())
                .hasSize(4)
                .anySatisfy(fault -> assertThat(fault).contains("has 3 partitions and needs 2"))
                .anySatisfy(fault -> assertThat(fault)
                        .contains("cleanup.policy compact,delete", "--add-config cleanup.policy=compact"))
                .anySatisfy(fault -> assertThat(fault).startsWith("changelog " + BOOKS + "-0 begins at offset 3"))
                .anySatisfy(fault -> assertThat(fault).startsWith("changelog " + BOOKS + "-1 is empty"));
    }

    @Test
    void anIdleTasksChangelogMayBeEmpty() {
        books = found("compact", span(0, 7), span(0, 0));
        committed.put(CLICKS_1, new Continuity.Position(20, false));

        assertThat(faults()).isEmpty();
    }

    private Continuity continuity() {
        return new Continuity(
                "app", inputs, committed, List.of(new Continuity.Changelog(BOOKS, Set.of("clicks"), 2, true, books)));
    }

    private List<String> faults() {
        return continuity().faults();
    }

    private static Continuity.Span span(long begin, long end) {
        return new Continuity.Span(begin, end);
    }

    private static Optional<Continuity.Found> found(String policy, Continuity.Span... partitions) {
        return Optional.of(new Continuity.Found(policy, List.of(partitions)));
    }
}
