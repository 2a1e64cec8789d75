package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionCommit.Run;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AttributionCommitTest {

    private static final long NOW = 1_767_225_600_000L;
    private static final long HOUR = 3_600_000;

    private final AttributionSettings settings = AttributionSettings.read(new SettingsReader(Map.of()));
    private final Attribution attribution = new Attribution(settings, new MemoryEntries(), new AttributionScene());
    private final AttributionCommit.Open open = new AttributionCommit.Open(1, settings);

    @Test
    void runEndsWhereTopicOrOffsetsBreak() {
        read(InputTopic.EXPOSURES, 5, 6);
        read(InputTopic.CLICKS, 9);
        read(InputTopic.EXPOSURES, 7, 9, 10); // 8 is the end of a transaction

        assertThat(closed().runs())
                .containsExactly(
                        new Run(InputTopic.EXPOSURES, 5, 2),
                        new Run(InputTopic.CLICKS, 9, 1),
                        new Run(InputTopic.EXPOSURES, 7, 1),
                        new Run(InputTopic.EXPOSURES, 9, 2));
    }

    @Test
    void clockStandsStillUntilTheCommit() {
        long credible = open.read(InputTopic.CLICKS, 0, NOW, attribution);
        long later = open.read(InputTopic.CLICKS, 1, NOW + 7, attribution);
        AttributionCommit first = closed();
        open.read(InputTopic.CLICKS, 2, NOW + 7, attribution);

        assertThat(credible).isEqualTo(later).isEqualTo(NOW + HOUR).isEqualTo(first.latestCredible());
        assertThat(first.clock()).isEqualTo(NOW);
        assertThat(closed().clock()).isEqualTo(NOW + 7);
    }

    @Test
    void clockThatIsSetBackStandsStill() {
        read(InputTopic.CLICKS, 0);
        closed();

        open.read(InputTopic.CLICKS, 1, NOW - HOUR, attribution);

        assertThat(closed().clock()).isEqualTo(NOW);
    }

    @Test
    void rejectedEventsHaveTheirNumbers() {
        read(InputTopic.CLICKS, 0, 1);
        open.reject("bad-key");
        read(InputTopic.EXPOSURES, 0, 1);
        open.reject("bad-time");
        read(InputTopic.CLICKS, 2);
        open.reject("bad-key");

        assertThat(closed().rejected()).isEqualTo(Map.of("bad-key", List.of(1, 4), "bad-time", List.of(3)));
    }

    @Test
    void nextCommitBeginsEmpty() {
        read(InputTopic.CLICKS, 0);
        open.reject("bad-key");
        closed();
        assertThat(open.close()).isEmpty();

        read(InputTopic.CLICKS, 1);

        assertThat(open.close())
                .contains(new AttributionCommit(
                        1, Attribution.RULES, NOW, HOUR, List.of(new Run(InputTopic.CLICKS, 1, 1)), new TreeMap<>()));
    }

    private void read(InputTopic topic, long... offsets) {
        for (long offset : offsets) {
            open.read(topic, offset, NOW, attribution);
        }
    }

    private AttributionCommit closed() {
        return open.close().orElseThrow();
    }
}
