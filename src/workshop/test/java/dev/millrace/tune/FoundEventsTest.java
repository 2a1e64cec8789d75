package dev.millrace.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.util.List;
import org.junit.jupiter.api.Test;

class FoundEventsTest {

    @Test
    void aGainIsTakenOverTheEventsThatBothRanked() {
        FoundEvents before = new FoundEvents(10);
        FoundEvents after = new FoundEvents(10);
        // 100 events of both: 20 are found by the later one alone, 10 by the earlier one alone
        for (int number = 0; number < 100; number++) {
            before.ranked(example(number), List.of(number < 20 ? 11.0 : 10.0), 1);
            after.ranked(example(number), List.of(number >= 90 ? 12.5 : 1.0), 1);
        }
        before.ranked(example(1000), List.of(50.0), 1);
        after.ranked(example(2000), List.of(1.0), 1);

        FoundEvents.Gain gain = after.over(before);

        assertThat(gain.events()).isEqualTo(100);
        assertThat(gain.mean()).isEqualTo(0.1, within(1e-12));
        // thirty differences of one in size: variance .3 - .1²
        assertThat(gain.standardError()).isEqualTo(Math.sqrt(0.29 / 100), within(1e-12));
        assertThat(gain.isCertain()).isFalse();
    }

    @Test
    void withoutCommonEventsThereIsNoGain() {
        assertThat(new FoundEvents(10).over(new FoundEvents(10))).isEqualTo(new FoundEvents.Gain(0, 0, 0));
    }

    private static TrainingExample example(int number) {
        UserFeatures user = new UserFeatures("u", 0, Features.NONE, List.of());
        return new TrainingExample("event-" + number, user, Features.NONE, "i", "click", 1, 0, 0);
    }
}
