package dev.millrace.workshop.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.exam.QueryWeights;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.settings.InvalidSettingsException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightsOptionTest {

    private static final SortedMap<String, Double> CHANNELS = new TreeMap<>(Map.of("click", 1.0, "like", 0.0));

    private static final GivenWeights AS_SET = GivenWeights.NONE.withPopularity(0.25);

    @Test
    void whatIsNotNamedStaysAsItIsSet() {
        assertThat(WeightsOption.parsed(
                        List.of("popularity=0.5", " like = 3 , click=2", "neighbours=2"), AS_SET, CHANNELS))
                .containsExactly(
                        new QueryWeights(AS_SET.withPopularity(0.5), CHANNELS),
                        new QueryWeights(AS_SET, new TreeMap<>(Map.of("click", 2.0, "like", 3.0))),
                        new QueryWeights(AS_SET.withNeighbours(2), CHANNELS));
    }

    @Test
    void oneChannelHasNoWeight() {
        assertThat(WeightsOption.parsed(List.of("popularity=1"), GivenWeights.NONE, new TreeMap<>()))
                .containsExactly(QueryWeights.of(GivenWeights.NONE.withPopularity(1)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "buy=1 | buy=1: must be name=weight, where name is one of popularity, neighbours, click, like",
                "click | --weights = click: must be name=weight",
                "neighbours=-1 | --weights = neighbours=-1: must give a number from 0 to 10",
                "popularity=11 | --weights = popularity=11: must give a number from 0 to 10",
                "like=much | --weights = like=much: must give a number from 0 to 1000",
                "like=-1 | --weights = like=-1: must give a number from 0 to 1000",
                "click=0 | --weights = click=0: must give at least one channel a weight above 0"
            })
    void weightsThatCannotBeAreNamed(String given, String message) {
        assertThatThrownBy(() -> WeightsOption.parsed(List.of(given), GivenWeights.NONE, CHANNELS))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(message);
    }
}
