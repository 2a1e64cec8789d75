package dev.millrace.alarm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SymptomTest {

    @Test
    void diagnosisListsEachWithItsLimit() throws IOException {
        List<String> listed = Pattern.compile("(?m)^- `([a-z-]+)` \\((.*?)\\): ")
                .matcher(Files.readString(Path.of("docs/diagnosis.md")))
                .results()
                .map(line -> line.group(1) + " " + line.group(2))
                .toList();

        assertThat(listed).containsSubsequence(told(Symptom.OF_MODEL)).containsSubsequence(told(Symptom.OF_EVENTS));
    }

    private static List<String> told(List<Symptom> symptoms) {
        return symptoms.stream()
                .map(each -> each.text() + " " + (each.highestLimit() == 0 ? "no limit" : decimal(each.limit())))
                .toList();
    }

    private static String decimal(double limit) {
        return limit == Math.rint(limit) ? Long.toString((long) limit) : Double.toString(limit);
    }

    @Test
    void alertsHaveTheProgramsLimits() throws IOException {
        String alerts = Files.readString(Path.of("config/prometheus/alerts.yml"));

        assertThat(Stream.of("millrace_model_alarm == 1", "millrace_input_alarm == 1"))
                .allMatch(alerts::contains);
        assertThat(alerts).contains("> ignoring(of) " + Symptom.VECTOR_AGE.limit() + " * (");
    }
}
