package dev.millrace.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.alarm.Symptom;
import dev.millrace.event.RejectReason;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.TopicNames;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The page explains each name that a topic may bring, and no other. */
class MeaningsTest {

    private static final Pattern ENTRY = Pattern.compile("(?m)^ {2}'([^']+)': ");

    static Stream<Arguments> names() {
        return Stream.of(
                Arguments.of("OUTCOMES", Stream.of(Outcome.values()).map(Outcome::label)),
                Arguments.of(
                        "REASONS",
                        Stream.concat(
                                Stream.of(RejectReason.values()).map(RejectReason::label),
                                Stream.of(Outcome.CUT_WEIGHT, Outcome.FULL, Outcome.NOT_HIDDEN))),
                Arguments.of(
                        "MEASURES",
                        Stream.concat(
                                Symptom.OF_MODEL.stream().map(Symptom::text),
                                Symptom.OF_EVENTS.stream().map(Symptom::text))),
                Arguments.of("TOPICS", Stream.of(InputTopic.values()).map(InputTopic::label)));
    }

    @ParameterizedTest
    @MethodSource("names")
    void eachNameIsExplained(String table, Stream<String> names) throws IOException {
        assertThat(explained(table)).containsExactlyInAnyOrderElementsOf(names.toList());
    }

    /** Operators write the audit log, and servers what they tell of themselves: no event goes through these. */
    @Test
    void theWayHasEveryTopicAndStage() throws IOException {
        TopicNames names = TopicNames.read(new SettingsReader(Map.of()));
        String nodes = script("way.js").split("const NODES = \\{", 2)[1].split("};", 2)[0];

        assertThat(Pattern.compile("'?([a-z-]+)'?: \\[")
                        .matcher(nodes)
                        .results()
                        .map(node -> node.group(1)))
                .containsExactlyInAnyOrderElementsOf(Stream.concat(
                                names.all().stream(), Stream.of("attribute", "learn", "serve"))
                        .filter(name -> !List.of(names.operatorActions(), names.servingProgress(), names.answers())
                                .contains(name))
                        .toList());
    }

    private static String script(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(MeaningsTest.class.getResourceAsStream("/dev/millrace/page/" + name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static List<String> explained(String name) throws IOException {
        String script = script("meanings.js");
        int begin = script.indexOf("const " + name + " = {");
        String entries = script.substring(begin, script.indexOf("\n};", begin));
        return ENTRY.matcher(entries)
                .results()
                .map(MatchResult::group)
                .map(entry -> entry.substring(3, entry.length() - 3))
                .toList();
    }
}
