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
import java.util.TreeSet;
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

    private BatchCodec() {}

    static MiniBatchRecord toAvro(MiniBatch batch) {
        LongSummaryStatistics times =
                batch.examples().stream().mapToLong(TrainingExample::time).summaryStatistics();
        List<TrainingExample> examples = new ArrayList<>(batch.asLearnt().examples());
        examples.addAll(batch.exposed());
        Dictionary texts = new Dictionary();
        return MiniBatchRecord.newBuilder()
                .setStep(batch.step())
                .setSeed(batch.seed())
                .setEventTimeFrom(times.getCount() == 0 ? 0 : times.getMin())
                .setEventTimeTo(times.getCount() == 0 ? 0 : times.getMax())
                .setCatalogue(
                        batch.catalogue().stream().map(TrainingRecords::toAvro).toList())
                .setUnannounced(unannounced(batch.catalogue()))
                .setCatalogueSize(batch.catalogueSize())
                .setExampleIds(column(examples, TrainingExample::id))
                .setUsers(column(examples, example -> example.user().user()))
                .setUserTimes(column(examples, example -> example.user().time()))
                .setItems(column(examples, example -> texts.place(example.item())))
                .setHistories(
                        column(examples, example -> texts.places(example.user().history())))
                .setActions(column(examples, example -> texts.place(example.action())))
                .setWeights(column(examples, TrainingExample::weight))
                .setTimes(column(examples, TrainingExample::time))
                .setProducedAt(column(examples, TrainingExample::producedAt))
                .setUserFeatures(featureColumns(
                        column(examples, example -> example.user().features()), texts))
                .setContext(featureColumns(column(examples, TrainingExample::context), texts))
                .setLogProbability(boxed(batch.logProbability()))
                .setNegatives(texts.places(batch.negatives()))
                .setNegativeLogProbability(boxed(batch.negativeLogProbability()))
                .setRemovedUsers(batch.removedUsers())
                .setPopularityNegatives(batch.draws().byWeight())
                .setMemoryNegatives(batch.draws().fromMemory())
                .setPowerLogProbability(boxed(batch.draws().weightedLogProbability()))
                .setHardNegatives(texts.places(batch.draws().hard()))
                .setHardOwners(Arrays.stream(batch.draws().hardOwners()).boxed().toList())
                .setExposed(batch.exposed().size())
                .setRehearsed(batch.rehearsed().size())
                .setClock(batch.clock())
                .setTexts(texts.texts)
                .build();
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

    private static <T> List<T> column(List<TrainingExample> examples, Function<TrainingExample, T> value) {
        return examples.stream().map(value).toList();
    }

    private static List<FeatureColumn> featureColumns(List<Features> features, Dictionary texts) {
        TreeSet<String> names = new TreeSet<>();
        features.forEach(of -> names.addAll(of.values().keySet()));
        List<FeatureColumn> columns = new ArrayList<>(names.size());
        for (String name : names) {
            List<@Nullable Object> values = new ArrayList<>(features.size());
            for (Features of : features) {
                values.add(of.value(name)
                        .map(value -> FeatureCodec.toAvro(value, texts::place))
                        .orElse(null));
            }
            columns.add(new FeatureColumn(name, values));
        }
        return columns;
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

    static List<Float> boxed(float[] values) {
        List<Float> boxed = new ArrayList<>(values.length);
        for (float value : values) {
            boxed.add(value);
        }
        return boxed;
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
            return places.computeIfAbsent(text, added -> {
                texts.add(added);
                return texts.size() - 1;
            });
        }

        List<Integer> places(List<String> all) {
            return all.stream().map(this::place).toList();
        }
    }
}
