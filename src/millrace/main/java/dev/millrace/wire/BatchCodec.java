package dev.millrace.wire;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.avro.FeatureColumn;
import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.negative.NegativeDraws;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Mini-batches between core and Avro's columns.
 *
 * <p>Item ids of histories repeat a lot, feature names in every example: each text is written once and named by its place, which
 * takes one or two bytes. A decoded batch equals the encoded one, bit for bit.
 */
final class BatchCodec {

    private static final int FIRST_BRANCH = 0; // of the union of catalogue changes

    // branches of the union of a column's values
    private static final int ABSENT = 0;
    private static final int PRESENT = 1; // and those behind it, by kind

    private BatchCodec() {}

    /** Writes a batch in the order of its schema. */
    static void write(RecordEncoder fields, MiniBatch batch) {
        LongSummaryStatistics times =
                batch.examples().stream().mapToLong(TrainingExample::time).summaryStatistics();
        Dictionary texts = new Dictionary();
        RecordEncoder columns = new RecordEncoder(new byte[0]); // name the texts, which stand before them
        write(columns, batch, texts);
        fields.longInteger(batch.step())
                .longInteger(batch.seed())
                .longInteger(times.getCount() == 0 ? 0 : times.getMin())
                .longInteger(times.getCount() == 0 ? 0 : times.getMax())
                .all(batch.catalogue(), change -> TrainingRecords.write(fields, FIRST_BRANCH, change))
                .all(unannounced(batch.catalogue()), at -> fields.longInteger(at))
                .longInteger(batch.catalogueSize())
                .all(texts.texts, fields::text)
                .append(columns);
    }

    private static void write(RecordEncoder to, MiniBatch batch, Dictionary texts) {
        List<TrainingExample> examples = new ArrayList<>(batch.asLearnt().examples());
        examples.addAll(batch.exposed());
        NegativeDraws draws = batch.draws();
        Consumer<String> place = text -> to.longInteger(texts.place(text));
        examples.forEach(example -> texts.place(example.item())); // the first places take one byte
        to.all(examples, example -> to.text(example.id()))
                .all(examples, example -> to.text(example.user().user()))
                .all(examples, example -> to.longInteger(example.user().time()))
                .all(examples, example -> to.all(example.user().history(), place))
                .all(examples, example -> place.accept(example.item()))
                .all(examples, example -> place.accept(example.action()))
                .all(examples, example -> to.number(example.weight()))
                .all(examples, example -> to.longInteger(example.time()))
                .all(examples, example -> to.longInteger(example.producedAt()));
        write(to, examples, example -> example.user().features(), place);
        write(to, examples, TrainingExample::context, place);
        to.smallNumbers(batch.logProbability())
                .all(batch.negatives(), place)
                .smallNumbers(batch.negativeLogProbability())
                .all(batch.removedUsers(), to::text)
                .longInteger(draws.byWeight())
                .longInteger(draws.fromMemory())
                .smallNumbers(draws.weightedLogProbability())
                .all(draws.hard(), place)
                .all(Arrays.stream(draws.hardOwners()).boxed().toList(), owner -> to.longInteger(owner))
                .longInteger(batch.exposed().size())
                .longInteger(batch.rehearsed().size())
                .longInteger(batch.clock());
    }

    /** Writes features of examples, each as a column, in the order of their names. */
    private static void write(
            RecordEncoder to,
            List<TrainingExample> examples,
            Function<TrainingExample, Features> features,
            Consumer<String> place) {
        Map<String, @Nullable FeatureValue[]> columns = new HashMap<>();
        for (int at = 0; at < examples.size(); at++) {
            for (Map.Entry<String, FeatureValue> feature :
                    features.apply(examples.get(at)).values().entrySet()) {
                columns.computeIfAbsent(feature.getKey(), name -> new FeatureValue[examples.size()])[at] =
                        feature.getValue();
            }
        }
        FeatureValue.Visitor<RecordEncoder> cell = new FeatureCodec.Branches(to, PRESENT, place);
        to.all(new TreeMap<>(columns).entrySet(), column -> {
            to.text(column.getKey());
            to.all(Arrays.asList(column.getValue()), value -> {
                if (value == null) {
                    to.longInteger(ABSENT);
                } else {
                    value.accept(cell);
                }
            });
        });
    }

    static MiniBatch toCore(MiniBatchRecord record) {
        List<CatalogueChange> catalogue = new ArrayList<>(
                record.getCatalogue().stream().map(TrainingRecords::toCore).toList());
        record.getUnannounced()
                .forEach(place -> catalogue.set(place, catalogue.get(place).unannounced()));
        List<String> texts = record.getTexts();
        int count = record.getExampleIds().size();
        int learnt = count - record.getExposed();
        int positives = learnt - record.getRehearsed();
        List<Features> userFeatures = features(record.getUserFeatures(), count, texts);
        List<Features> contexts = features(record.getContext(), count, texts);
        List<TrainingExample> examples = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            UserFeatures user = new UserFeatures(
                    record.getUsers().get(at),
                    record.getUserTimes().get(at),
                    userFeatures.get(at),
                    looked(record.getHistories().get(at), texts));
            examples.add(new TrainingExample(
                    record.getExampleIds().get(at),
                    user,
                    contexts.get(at),
                    texts.get(record.getItems().get(at)),
                    texts.get(record.getActions().get(at)),
                    record.getWeights().get(at),
                    record.getTimes().get(at),
                    record.getProducedAt().get(at),
                    at < learnt));
        }
        return new MiniBatch(
                record.getStep(),
                record.getSeed(),
                catalogue,
                examples.subList(0, positives),
                floats(record.getLogProbability()),
                looked(record.getNegatives(), texts),
                floats(record.getNegativeLogProbability()),
                record.getCatalogueSize(),
                record.getRemovedUsers(),
                new NegativeDraws(
                        record.getPopularityNegatives(),
                        record.getMemoryNegatives(),
                        floats(record.getPowerLogProbability()),
                        looked(record.getHardNegatives(), texts),
                        record.getHardOwners().stream().mapToInt(owner -> owner).toArray()),
                examples.subList(learnt, count),
                examples.subList(positives, learnt),
                record.getClock());
    }

    private static List<Integer> unannounced(List<CatalogueChange> catalogue) {
        return IntStream.range(0, catalogue.size())
                .filter(place -> !catalogue.get(place).isAnnounced())
                .boxed()
                .toList();
    }

    private static List<Features> features(List<FeatureColumn> columns, int count, List<String> texts) {
        if (columns.isEmpty()) {
            return Collections.nCopies(count, Features.NONE);
        }
        List<Features> features = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            SortedMap<String, FeatureValue> values = new TreeMap<>();
            for (FeatureColumn column : columns) {
                @Nullable Object cell = column.getValues().get(at);
                if (cell != null) {
                    values.put(column.getName(), FeatureCodec.toCore(cell, place -> texts.get((Integer) place)));
                }
            }
            features.add(Features.taking(values));
        }
        return features;
    }

    private static List<String> looked(List<Integer> places, List<String> texts) {
        return places.stream().map(texts::get).toList();
    }

    static float[] floats(List<Float> boxed) {
        float[] values = new float[boxed.size()];
        for (int at = 0; at < values.length; at++) {
            values[at] = boxed.get(at);
        }
        return values;
    }

    /** Texts by place, in the order of first use. */
    private static final class Dictionary {

        final List<String> texts = new ArrayList<>();
        private final Map<String, Integer> places = new HashMap<>();

        int place(String text) {
            Integer known = places.putIfAbsent(text, texts.size());
            if (known == null) {
                texts.add(text);
                return texts.size() - 1;
            }
            return known;
        }
    }
}
