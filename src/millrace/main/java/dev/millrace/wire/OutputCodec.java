package dev.millrace.wire;

import static dev.millrace.wire.FeatureCodec.instant;

import dev.millrace.alarm.Alarm;
import dev.millrace.avro.AccountRecord;
import dev.millrace.avro.AlarmRecord;
import dev.millrace.avro.DigestRecord;
import dev.millrace.avro.GenerationRecord;
import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.avro.ItemNeighboursRecord;
import dev.millrace.avro.LearnerRecord;
import dev.millrace.avro.NeighbourRecord;
import dev.millrace.avro.OperatorActionRecord;
import dev.millrace.avro.ProgressRecord;
import dev.millrace.avro.RankingRecord;
import dev.millrace.avro.ServingRecord;
import dev.millrace.avro.YoungRecord;
import dev.millrace.event.RejectReason;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.exam.Youth;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.generation.GenerationFact;
import dev.millrace.model.RowCounts;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.state.Books;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainingProgress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the trainer and operators write between core and Avro: embeddings, neighbours, progress, generations and actions. */
final class OutputCodec {

    private static final int LOG_PARTITION = 0; // the log has one

    private OutputCodec() {}

    /**
     * Writes an embedding in the order of its schema.
     *
     * @param vector [dim] of the embedding, which is present: a tombstone has no value
     */
    static void write(RecordEncoder fields, ItemEmbedding embedding, float[] vector, String logTopic) {
        PublishedPopularity popularity = embedding.popularity();
        List<Float> more = popularity.dimensions();
        float[] components = Arrays.copyOf(vector, vector.length + more.size());
        for (int at = 0; at < more.size(); at++) {
            components[vector.length + at] = more.get(at);
        }
        fields.text(embedding.item())
                .smallNumbers(components)
                .text(embedding.generation())
                .longInteger(embedding.step())
                .text(logTopic)
                .longInteger(LOG_PARTITION)
                .longInteger(embedding.eventTime())
                .longInteger(embedding.producedAt())
                .all(popularity.numbers(), fields::smallNumber)
                .all(popularity.halfLives(), fields::longInteger)
                .longInteger(more.size())
                .longInteger(embedding.itemTime());
        FeatureCodec.write(fields, embedding.attributes());
    }

    /** Reads what {@link #write} has written. */
    static ItemEmbedding embedding(RecordDecoder from) throws IOException {
        String item = from.readString();
        float[] components = from.readFloats();
        String generation = from.readString();
        long step = from.readLong();
        from.skipString(); // the log's topic
        from.readInt(); // and partition
        long eventTime = from.readLong();
        long producedAt = from.readLong();
        List<Float> numbers = FeatureCodec.list(from, from::readFloat);
        List<Long> halfLives = FeatureCodec.list(from, from::readLong);
        int extra = from.readInt();
        int dim = components.length - Objects.checkIndex(extra, components.length + 1);
        return new ItemEmbedding(
                item,
                Optional.of(Arrays.copyOf(components, dim)),
                generation,
                step,
                eventTime,
                producedAt,
                new PublishedPopularity(numbers, halfLives, extra > 0),
                from.readLong(),
                FeatureCodec.read(from));
    }

    static ItemEmbedding toCore(ItemEmbeddingRecord record) {
        int extra = record.getExtraDimensions();
        List<Float> components = record.getVector();
        return new ItemEmbedding(
                record.getItemId(),
                Optional.of(BatchCodec.floats(components.subList(0, components.size() - extra))),
                record.getGeneration(),
                record.getStep(),
                record.getEventTime().toEpochMilli(),
                record.getProducedAt().toEpochMilli(),
                new PublishedPopularity(record.getLogPopularities(), record.getPopularityHalfLives(), extra > 0),
                record.getItemTime().toEpochMilli(),
                FeatureCodec.toCore(record.getAttributes()));
    }

    static ItemNeighboursRecord toAvro(Topic.ItemNeighbours of, NeighbourList list) {
        List<NeighbourRecord> neighbours = new ArrayList<>(list.size());
        list.forEach((neighbour, weight) -> neighbours.add(new NeighbourRecord(neighbour, weight)));
        return new ItemNeighboursRecord(
                of.item(), of.generation(), of.step(), instant(list.asOf()), list.total(), neighbours);
    }

    static NeighbourList toCore(ItemNeighboursRecord record) {
        List<String> items = new ArrayList<>();
        float[] weights = new float[record.getNeighbours().size()];
        for (NeighbourRecord neighbour : record.getNeighbours()) {
            weights[items.size()] = neighbour.getWeight();
            items.add(neighbour.getItemId());
        }
        return new NeighbourList(record.getEventTime().toEpochMilli(), record.getTotal(), items, weights);
    }

    static GenerationRecord toAvro(GenerationFact fact) {
        return GenerationRecord.newBuilder()
                .setGeneration(fact.generation())
                .setFact(fact.kind().name())
                .setAt(instant(fact.at()))
                .setStep(fact.step())
                .setItems(fact.items())
                .setBy(fact.by())
                .setSettings(new TreeMap<>(fact.settings()))
                .build();
    }

    static Optional<GenerationFact> toCore(GenerationRecord record) {
        return constant(GenerationFact.Kind.values(), record.getFact())
                .map(kind -> new GenerationFact(
                        record.getGeneration(),
                        kind,
                        record.getAt().toEpochMilli(),
                        record.getStep(),
                        record.getItems(),
                        record.getBy(),
                        new TreeMap<>(record.getSettings())));
    }

    static OperatorActionRecord toAvro(OperatorAction action) {
        return OperatorActionRecord.newBuilder()
                .setAction(action.kind().name())
                .setTarget(action.target())
                .setResult(action.result().name())
                .setDetail(action.detail())
                .setAt(instant(action.at()))
                .setBy(action.by().name())
                .setMeans(action.by().means())
                .setAddress(action.by().address())
                .setClientId(action.by().clientId())
                .build();
    }

    static Optional<OperatorAction> toCore(OperatorActionRecord record) {
        return constant(OperatorAction.Kind.values(), record.getAction()).flatMap(kind -> constant(
                        OperatorAction.Result.values(), record.getResult())
                .map(result -> new OperatorAction(
                        kind,
                        record.getTarget(),
                        result,
                        record.getDetail(),
                        record.getAt().toEpochMilli(),
                        new Operator(record.getBy(), record.getMeans(), record.getAddress(), record.getClientId()))));
    }

    private static <E extends Enum<E>> Optional<E> constant(E[] all, String name) {
        return Arrays.stream(all).filter(each -> each.name().equals(name)).findFirst();
    }

    static ProgressRecord toAvro(PartProgress progress) {
        return new ProgressRecord(
                progress.part(),
                instant(progress.writtenAt()),
                accounts(progress.books()),
                progress.positions(),
                progress.training().map(OutputCodec::learner).orElse(null),
                progress.experiment()
                        .map(counted -> counted.experiment().texts())
                        .orElseGet(TreeMap::new),
                progress.experiment().map(counted -> counted.sums().byName()).orElseGet(TreeMap::new));
    }

    static PartProgress toCore(ProgressRecord record) {
        SortedMap<String, Books.Account> books = new TreeMap<>();
        record.getBooks()
                .forEach((topic, account) -> books.put(
                        topic,
                        new Books.Account(
                                account.getReceived(), account.getWaiting(), new TreeMap<>(account.getOutcomes()))));
        @Nullable LearnerRecord training = record.getTraining();
        return new PartProgress(
                record.getPart(),
                record.getWrittenAt().toEpochMilli(),
                books,
                new TreeMap<>(record.getPositions()),
                Optional.ofNullable(training).map(learner -> training(learner, books)),
                Optional.of(record.getExperiment())
                        .filter(texts -> !texts.isEmpty())
                        .map(texts -> new PartProgress.Counted(
                                Experiment.of(texts), new ExperimentSums(new TreeMap<>(record.getExperimentSums())))));
    }

    static ServingRecord toAvro(ServingProgress told) {
        ArmAnswers answers = told.answers();
        return new ServingRecord(
                told.server(),
                told.arm(),
                instant(told.writtenAt()),
                told.experiment(),
                told.salt(),
                told.window(),
                instant(told.beganAt()),
                answers.answers(),
                answers.empty(),
                answers.cold(),
                answers.catalogue(),
                answers.vectorAge(),
                answers.took(),
                ByteBuffer.wrap(answers.items()));
    }

    /** @throws UndecodableException if it has more bins or bits than this version knows */
    static ServingProgress toCore(ServingRecord record) {
        byte[] items = new byte[record.getItems().remaining()];
        record.getItems().duplicate().get(items);
        try {
            return new ServingProgress(
                    record.getServer(),
                    record.getArm(),
                    record.getWindow(),
                    record.getBeganAt().toEpochMilli(),
                    record.getWrittenAt().toEpochMilli(),
                    record.getExperiment(),
                    record.getSalt(),
                    new ArmAnswers(
                            record.getAnswers(),
                            record.getEmpty(),
                            record.getCold(),
                            record.getCatalogue(),
                            record.getVectorAgeMs(),
                            record.getTook(),
                            items));
        } catch (IllegalArgumentException unreadable) {
            throw new UndecodableException(RejectReason.UNDECODABLE, String.valueOf(unreadable.getMessage()));
        }
    }

    private static Map<String, AccountRecord> accounts(SortedMap<String, Books.Account> books) {
        Map<String, AccountRecord> accounts = new HashMap<>();
        books.forEach((topic, account) ->
                accounts.put(topic, new AccountRecord(account.received(), account.waiting(), account.outcomes())));
        return accounts;
    }

    private static LearnerRecord learner(TrainingProgress progress) {
        return LearnerRecord.newBuilder()
                .setGeneration(progress.generation())
                .setStep(progress.step())
                .setPositives(progress.positives())
                .setRefusedSteps(progress.refusedSteps())
                .setLoss(progress.loss())
                .setGradientNorm(progress.gradientNorm())
                .setItems(progress.items())
                .setEventTime(instant(progress.eventTime()))
                .setDigest(progress.digest())
                .setDigests(progress.digests().stream()
                        .map(digest -> new DigestRecord(digest.step(), digest.digest()))
                        .toList())
                .setRows(progress.rows().rows())
                .setWaitingSightings(progress.rows().waiting())
                .setExpiredRows(progress.rows().expired())
                .setDisplacedRows(progress.rows().displaced())
                .setUnannounced(progress.unannounced())
                .setModel(ranking(progress.exam().model()))
                .setPopularity(ranking(progress.exam().popularity()))
                .setWithoutHistory(progress.exam().withoutHistory())
                .setYoung(young(progress.exam()))
                .setFieldWeights(new TreeMap<>(progress.fieldWeights()))
                .setFigures(new TreeMap<>(progress.figures()))
                .setWithheld(progress.withheld().orElse(null))
                .setAlarms(progress.alarms().stream()
                        .map(alarm -> new AlarmRecord(alarm.kind().text(), alarm.value(), alarm.limit(), alarm.since()))
                        .toList())
                .build();
    }

    private static TrainingProgress training(LearnerRecord learner, SortedMap<String, Books.Account> books) {
        return new TrainingProgress(
                learner.getGeneration(),
                learner.getStep(),
                learner.getPositives(),
                learner.getRefusedSteps(),
                learner.getLoss(),
                learner.getGradientNorm(),
                learner.getItems(),
                learner.getEventTime().toEpochMilli(),
                learner.getDigest(),
                learner.getDigests().stream()
                        .map(digest -> new StepDigest(digest.getStep(), digest.getDigest()))
                        .toList(),
                new RowCounts(
                        learner.getRows(),
                        learner.getWaitingSightings(),
                        learner.getExpiredRows(),
                        learner.getDisplacedRows()),
                learner.getUnannounced(),
                new ExamTotals(
                        ranking(learner.getModel()),
                        ranking(learner.getPopularity()),
                        learner.getWithoutHistory(),
                        young(learner.getYoung()),
                        List.of()),
                books,
                new TreeMap<>(learner.getFieldWeights()),
                new TreeMap<>(learner.getFigures()),
                Optional.ofNullable(learner.getWithheld()),
                learner.getAlarms().stream()
                        .flatMap(record -> alarm(record).stream())
                        .toList());
    }

    /** An alarm; absent if it is one that only another version knows. */
    private static Optional<Alarm> alarm(AlarmRecord record) {
        return Arrays.stream(Alarm.Kind.values())
                .filter(kind -> kind.text().equals(record.getName()))
                .findFirst()
                .map(kind -> new Alarm(kind, record.getValue(), record.getLimit(), record.getSince()));
    }

    private static SortedMap<String, YoungRecord> young(ExamTotals exam) {
        SortedMap<String, YoungRecord> young = new TreeMap<>();
        exam.young()
                .forEach((youth, found) ->
                        young.put(youth.label(), new YoungRecord(ranking(found.model()), ranking(found.popularity()))));
        return young;
    }

    private static Map<Youth, ExamTotals.Young> young(Map<String, YoungRecord> records) {
        Map<Youth, ExamTotals.Young> young = new EnumMap<>(Youth.class);
        for (Youth youth : Youth.values()) {
            YoungRecord record = records.get(youth.label());
            if (record != null) {
                young.put(youth, new ExamTotals.Young(ranking(record.getModel()), ranking(record.getPopularity())));
            }
        }
        return young;
    }

    private static RankingRecord ranking(RankingTotals totals) {
        return new RankingRecord(
                totals.scored(),
                RankingTotals.CUTOFFS,
                Arrays.stream(totals.hits()).boxed().toList(),
                totals.gain10());
    }

    private static RankingTotals ranking(RankingRecord record) {
        if (!record.getCutoffs().equals(RankingTotals.CUTOFFS)) {
            throw new IllegalStateException(
                    "progress counts hits at " + record.getCutoffs() + ", expected " + RankingTotals.CUTOFFS);
        }
        return new RankingTotals(
                record.getScored(),
                record.getHits().stream().mapToLong(Long::longValue).toArray(),
                record.getGain10());
    }
}
