package dev.millrace.alarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.Scenes;
import dev.millrace.model.StepReport;
import dev.millrace.model.TwoTower;
import dev.millrace.model.loss.SampleFigures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ModelAlarmsTest {

    private static final int DIM = 4;

    private final Catalogue catalogue = catalogue(20);
    private final TwoTower model = new TwoTower(
            ModelSettings.read(new SettingsReader(
                    Map.of("tower.dim", "" + DIM, "tower.item.hidden", "", "features.user", "history"))),
            catalogue);

    @Test
    void meanCosineIsThatOfAllPairs() {
        Random random = new Random(3);
        float[] vectors = new float[7 * DIM];
        for (int at = 0; at < 7; at++) {
            double squares = 0;
            for (int d = 0; d < DIM; d++) {
                vectors[at * DIM + d] = (float) random.nextGaussian();
                squares += vectors[at * DIM + d] * vectors[at * DIM + d];
            }
            for (int d = 0; d < DIM; d++) {
                vectors[at * DIM + d] /= (float) Math.sqrt(squares);
            }
        }
        double sum = 0;
        for (int one = 0; one < 7; one++) {
            for (int other = 0; other < one; other++) {
                for (int d = 0; d < DIM; d++) {
                    sum += vectors[one * DIM + d] * vectors[other * DIM + d];
                }
            }
        }

        assertThat(ModelAlarms.meanCosine(vectors, 7, DIM)).isCloseTo(sum / 21, within(1e-6));
    }

    @Test
    void itemsThatAllPointOneWayAreACollapseUntilTheyDoNot() {
        ModelAlarms alarms = alarms(1, 20_000, Map.of("alarm.norm-drift", "0"));
        learn(alarms, 1, 10);
        assertThat(alarm(alarms, Symptom.EMBEDDING_COLLAPSE).isActive()).isFalse();

        rows(model, (item, row) -> Arrays.fill(row, 1f + item / 1000f));
        learn(alarms, 2, 10);
        learn(alarms, 3, 10);

        assertThat(alarm(alarms, Symptom.EMBEDDING_COLLAPSE))
                .satisfies(given -> assertThat(given.value()).isCloseTo(1, within(1e-6)))
                .satisfies(given -> assertThat(given.since()).isEqualTo(2));

        rows(model, (item, row) -> row[item % DIM] = 1);
        learn(alarms, 4, 10);
        // twenty items on four axes: of 190 pairs 4 · 10 are on one axis
        assertThat(alarm(alarms, Symptom.EMBEDDING_COLLAPSE))
                .satisfies(given -> assertThat(given.value()).isCloseTo(40.0 / 190, within(1e-6)))
                .satisfies(given -> assertThat(given.isActive()).isFalse());
    }

    @Test
    void lengthsThatGrowOrShrinkBeyondTheFactorAreADrift() {
        ModelAlarms alarms = alarms(1, 20_000, Map.of("alarm.norm-drift", "5"));
        rows(model, (item, row) -> row[item % DIM] = 1);
        learn(alarms, 1, 10);

        rows(model, (item, row) -> row[item % DIM] = 4);
        learn(alarms, 2, 10);
        assertThat(alarm(alarms, Symptom.NORM_DRIFT).isActive()).isFalse();
        rows(model, (item, row) -> row[item % DIM] = 6);
        learn(alarms, 3, 10);
        assertThat(alarm(alarms, Symptom.NORM_DRIFT))
                .satisfies(given -> assertThat(given.value()).isCloseTo(6, within(1e-5)))
                .satisfies(given -> assertThat(given.since()).isEqualTo(3));
        rows(model, (item, row) -> row[item % DIM] = 0.1f);
        learn(alarms, 4, 10);

        assertThat(alarm(alarms, Symptom.NORM_DRIFT))
                .satisfies(given -> assertThat(given.value()).isCloseTo(0.1, within(1e-5)))
                .satisfies(given -> assertThat(given.isActive()).isTrue());
    }

    @Test
    void lengthsOfSeveralChannelsAreThoseOfAllItems() {
        Map<String, String> declared = Map.of(
                "tower.dim", "" + DIM,
                "tower.item.hidden", "",
                "features.user", "history",
                "tower.channels", "one,two");
        TwoTower parallel = new TwoTower(ModelSettings.read(new SettingsReader(declared)), catalogue);
        rows(parallel, (item, row) -> row[0] = item + 1);
        float[] vectors = new float[20 * 2 * DIM];
        float[] lengths = new float[20];

        parallel.itemVectors(IntStream.range(0, 20).mapToObj(item -> "i" + item).toList(), vectors, lengths);

        // both channels are the row itself, as the networks' output is 0
        for (int item = 0; item < 20; item++) {
            assertThat(lengths[item]).isEqualTo(item + 1f);
        }
    }

    @Test
    void gradientsFarAboveTheirTrendRaiseAnAlarm() {
        ModelAlarms alarms = alarms(1, 20_000, Map.of());
        for (int step = 1; step <= 8; step++) {
            learn(alarms, step, 2);
            assertThat(alarm(alarms, Symptom.GRADIENT_NORM).value()).isNaN();
        }

        learn(alarms, 9, 30); // fifteen times the trend of 2

        assertThat(alarm(alarms, Symptom.GRADIENT_NORM).value()).isCloseTo(15, within(1e-9));
        assertThat(alarm(alarms, Symptom.GRADIENT_NORM).isActive()).isTrue();
        learn(alarms, 10, 30); // over 2 + 28 / 8
        assertThat(alarm(alarms, Symptom.GRADIENT_NORM).value()).isCloseTo(30 / 5.5, within(1e-9));
        assertThat(alarm(alarms, Symptom.GRADIENT_NORM).isActive()).isFalse();
    }

    @Test
    void sharesOfTheBatchesAreMeansSinceTheLastMeasurement() {
        ModelAlarms alarms = alarms(2, 20_000, Map.of("alarm.repeated-items", "0.3"));
        SampleFigures half = new SampleFigures(0.4, 0.5, -1, -1, -1, 1);
        SampleFigures none = new SampleFigures(0, 0, -1, -1, -1, 1);

        learn(alarms, 1, 1, half);
        assertThat(alarm(alarms, Symptom.REPEATED_ITEMS).value()).isNaN();
        learn(alarms, 2, 1, none);

        assertThat(alarm(alarms, Symptom.REPEATED_ITEMS).value()).isEqualTo(0.25);
        assertThat(alarm(alarms, Symptom.MASKED_LOGITS).value()).isEqualTo(0.2);
        assertThat(alarm(alarms, Symptom.REPEATED_ITEMS).isActive()).isFalse();
        learn(alarms, 3, 1, half);
        learn(alarms, 4, 1, half);
        assertThat(alarm(alarms, Symptom.REPEATED_ITEMS).isActive()).isTrue();
        assertThat(alarm(alarms, Symptom.SATURATED_PROBABILITY).isActive()).isTrue();
    }

    @Test
    void modelBelowPopularityOverTheWindowIsAnAlarm() {
        ModelAlarms alarms = alarms(1, 160, Map.of());
        for (int scored = 0; scored < 160; scored += 10) {
            alarms.examined(scored / 40, totals(scored, scored / 10, scored / 2));
            assertThat(alarm(alarms, Symptom.RECALL_BELOW_POPULARITY).value()).isNaN();
        }

        alarms.examined(16, totals(160, 16, 80));

        assertThat(alarm(alarms, Symptom.RECALL_BELOW_POPULARITY))
                .satisfies(given -> assertThat(given.value()).isEqualTo(0.2)) // 16 found, popularity finds 80
                .satisfies(given -> assertThat(given.since()).isEqualTo(16));
    }

    @Test
    void fewExamsShowUselessModelsOfMillionItems() {
        // a batch of 128 in some 2,300 steps; popularity finds 30 of them, a model that learnt garbage none
        ModelAlarms alarms = alarms(1, 20_000, Map.of());
        long exam = 0;
        // no better than popularity, as far as chance lets one see: two hits less of 128, two more
        for (; exam < 40; exam++) {
            long sway = exam % 2 * 2;
            alarms.examined(exam * 2300, totals(exam * 128, exam * 30 - sway, exam * 30));
            assertThat(alarm(alarms, Symptom.RECALL_BELOW_POPULARITY).isActive())
                    .isFalse();
        }
        long found = exam * 30;
        int garbage = 0;
        for (; !alarm(alarms, Symptom.RECALL_BELOW_POPULARITY).isActive(); exam++, garbage++) {
            alarms.examined(exam * 2300, totals(exam * 128, found, exam * 30));
        }

        // small parts of the window of 20,000 are of 312 events: three exams
        assertThat(garbage).isBetween(3, 6);
        for (int good = 0; alarm(alarms, Symptom.RECALL_BELOW_POPULARITY).isActive(); exam++, good++) {
            found += 40;
            alarms.examined(exam * 2300, totals(exam * 128, found, exam * 30));
            assertThat(good).isLessThan(6);
        }
    }

    @Test
    void whatIsOffIsNotThere() {
        Map<String, String> off = new HashMap<>();
        for (Symptom kind : Symptom.OF_MODEL) {
            off.put("alarm." + kind.text(), "0");
        }

        ModelAlarms alarms = alarms(1, 20_000, off);
        learn(alarms, 1, 10);

        assertThat(alarms.alarms()).isEmpty();
    }

    @Test
    void vectorsOlderThanPromisedAreAnAlarmUntilTheyAreNot() {
        ModelAlarms alarms = alarms(1, 20_000, Map.of());

        alarms.published(7, 1.05);
        assertThat(alarms.alarms()).noneMatch(Alarm::isActive);
        alarms.published(8, 1.2);
        alarms.published(9, 1.3);

        assertThat(alarms.alarms())
                .filteredOn(Alarm::isActive)
                .containsExactly(new Alarm(Symptom.VECTOR_AGE, 1.3, 1.1, 8));
        alarms.published(10, 0.9);
        assertThat(alarms.alarms()).noneMatch(Alarm::isActive);
    }

    @Test
    void restoredItGoesOnAsTheOther() {
        ModelAlarms one = alarms(3, 40, Map.of());
        ModelAlarms other = alarms(3, 40, Map.of());
        TreeMap<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 1; step <= 40; step++) {
            if (step == 26) {
                one.drainDirty(EntrySink.into(stored));
                stored.forEach(other::restore);
            }
            for (ModelAlarms each : step < 26 ? List.of(one) : List.of(one, other)) {
                each.examined(step, totals(step * 5L, step, step * 2L));
                learn(each, step, step * step);
                each.published(step, step / 20.0);
            }
        }

        assertThat(other.alarms()).isEqualTo(one.alarms());
        assertThat(one.alarms()).allSatisfy(alarm -> assertThat(alarm.value()).isNotNaN());
    }

    @Test
    void stateWithAnUnknownAlarmIsRefused() {
        ModelAlarms alarms = alarms(3, 40, Map.of());
        TreeMap<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        alarms.published(1, 0.5);
        alarms.drainDirty(EntrySink.into(stored));
        byte[] foreign = {stored.firstKey()[0], 's'};
        byte[] value = stored.values().iterator().next();

        assertThatThrownBy(() -> alarms.restore(foreign, value)).isInstanceOf(CorruptEntryException.class);
    }

    private void learn(ModelAlarms alarms, int step, double gradientNorm) {
        learn(alarms, step, gradientNorm, SampleFigures.NONE);
    }

    private void learn(ModelAlarms alarms, int step, double gradientNorm, SampleFigures sample) {
        MiniBatch batch = Batches.of(step, List.of(), List.of(Scenes.click("u", "i1", 1)));
        alarms.learnt(batch, new StepReport(1, gradientNorm, 0.1, sample), model, catalogue);
    }

    /** Gives items rows of their own, which are their vectors: the network's output is 0 with output-scale 0. */
    private static void rows(TwoTower towers, BiConsumer<Integer, float[]> filler) {
        for (int item = 0; item < 20; item++) {
            float[] row = new float[DIM];
            filler.accept(item, row);
            Fields value = new Fields().shortInteger(DIM);
            for (float component : row) {
                value.integer(Float.floatToIntBits(component));
            }
            value.integer(Float.floatToIntBits(1)); // of the optimiser
            towers.restore(
                    ("mritem\0i" + item).getBytes(StandardCharsets.UTF_8),
                    value.shortInteger(item + 1).shortInteger(1).framed());
        }
    }

    private static Alarm alarm(ModelAlarms alarms, Symptom kind) {
        return alarms.alarms().stream()
                .filter(alarm -> alarm.kind() == kind)
                .findFirst()
                .orElseThrow();
    }

    private static ModelAlarms alarms(int everySteps, int recallWindow, Map<String, String> given) {
        SettingsReader reader = new SettingsReader(given);
        AlarmSettings settings = AlarmSettings.read(reader);
        reader.finish();
        return new ModelAlarms(new AlarmSettings(everySteps, 64, recallWindow, settings.limits()), 'A');
    }

    private static Catalogue catalogue(int items) {
        Catalogue catalogue = new Catalogue('c');
        for (int item = 0; item < items; item++) {
            catalogue.apply(
                    new CatalogueChange.Upsert(new CatalogueItem("i" + item, 1_700_000_000_000L, Features.NONE)));
        }
        return catalogue;
    }

    private static ExamTotals totals(long scored, long model, long popularity) {
        return new ExamTotals(
                new RankingTotals(scored, new long[] {0, 0, 0, model}, 0),
                new RankingTotals(scored, new long[] {0, 0, 0, popularity}, 0),
                0);
    }
}
