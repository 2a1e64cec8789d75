package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlacesTest {

    @Test
    void anEqualScoreCountsHalfAPlace() {
        Places places = new Places(2);

        places.add(1, 3, 2);
        places.add(1, 1, 1);

        assertThat(places.of(0)).isEqualTo(1);
        assertThat(places.of(1)).isEqualTo(1 + 4 + 1.5);
    }

    @Test
    void whatIsTakenBackNoLongerCounts() {
        Places places = new Places(1);
        places.add(0, 3, 2);

        places.remove(0, true, false);
        places.remove(0, false, true);
        places.remove(0, false, false);

        assertThat(places.of(0)).isEqualTo(1 + 2 + 0.5);
    }
}
