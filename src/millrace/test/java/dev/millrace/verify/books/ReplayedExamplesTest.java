package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.verify.books.LoggedAttribution.Fault;
import dev.millrace.wire.TrainingRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two partitions, which others take over now and then. */
class ReplayedExamplesTest {

    private final LoggedAttribution scene = new LoggedAttribution(Fault.NONE);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void examplesComeInTheOrderOfTheirTopic(int seed) {
        scene.play(seed);

        List<Object> topic = topic();

        assertThat(topic).hasSizeGreaterThan(50).anyMatch(each -> each instanceof String);
        assertThat(replayed(scene.settings)).isEqualTo(topic);
    }

    @Test
    void shorterHistoriesComeInTheSameOrder() {
        scene.play(3);
        List<Object> topic = topic();

        List<Object> replayed = replayed(settings(Map.of("history.length", "1")));

        assertThat(replayed).isNotEqualTo(topic);
        assertThat(names(replayed)).isEqualTo(names(topic));
    }

    @Test
    void shorterWindowsHaveFewerExamples() {
        scene.play(3);

        List<Object> replayed = replayed(settings(Map.of("attribution.window", "10s")));

        assertThat(replayed).hasSizeBetween(10, topic().size() - 10);
    }

    @Test
    void whatIsGoneIsNamed() {
        scene.play(3);
        scene.log.begin(scene.topics.clicks(), 1, 5);

        assertThatThrownBy(() -> replayed(scene.settings))
                .isInstanceOf(BrokenLogException.class)
                .hasMessage("the beginning of clicks-1 is gone");
    }

    @Test
    void otherSettingsThanThoseKeptAreRefused() {
        scene.play(3);
        AttributionSettings other = settings(Map.of("attribution.window", "10s"));
        RecordedAttribution wrong = scene.recorded().with(other);

        assertThatThrownBy(() -> read(wrong, other, each -> {}))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageStartingWith("the record at training-examples-0 offset ")
                .hasMessageEndingWith(" is made by no event");
    }

    private static AttributionSettings settings(Map<String, String> given) {
        return AttributionSettings.read(new SettingsReader(given));
    }

    private static List<String> names(List<Object> made) {
        return made.stream()
                .map(each -> each instanceof TrainingExample example ? example.id() + " " + example.time() : "" + each)
                .toList();
    }

    private List<Object> replayed(AttributionSettings asked) {
        List<Object> replayed = new ArrayList<>();
        read(scene.recorded(), asked, replayed::add);
        return replayed;
    }

    private static void read(RecordedAttribution source, AttributionSettings asked, Consumer<Object> each) {
        ReplayedExamples.read(source, asked, each::accept, change -> {}, each::accept);
    }

    /** The examples, and the ids of removed users. */
    private List<Object> topic() {
        List<Object> topic = new ArrayList<>();
        TrainingRecords training = new TrainingRecords(scene.wire);
        scene.log
                .of(scene.topics.trainingExamples(), 0)
                .forEach(record -> training.decode(record.value().orElseThrow(), topic::add, change -> {}, topic::add));
        return topic;
    }
}
