package dev.millrace;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.train.TrainingProgress;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The order of the packages, and the walls between them. docs/architecture.md tells the rules, this test has the lists. */
class ArchitectureTest {

    private static final String ROOT = "dev.millrace.";

    /** Packages of the core, in the order of the path: a package may import those before it. */
    private static final List<String> CORE = List.of(
            "settings",
            "event",
            "state",
            "feature",
            "experiment",
            "attribute",
            "catalogue",
            "popularity",
            "negative",
            "batch",
            "neighbour",
            "model.engine",
            "model.graph",
            "model.table",
            "model.network",
            "model.pool",
            "model.loss",
            "model",
            "exam",
            "alarm",
            "generation",
            "operation",
            "publish",
            "train",
            "index",
            "recall");

    /** Packages around the core, which come behind it in the same order. */
    private static final List<String> SHELL = List.of(
            "log",
            "wire",
            "replay",
            "topic.fault",
            "topic",
            "topic.transaction",
            "diagnosis",
            "stream",
            "stream.run",
            "follow",
            "page",
            "access",
            "serve",
            "ingest",
            "checkpoint",
            "verify.books",
            "verify",
            "app",
            "cli.option",
            "cli.verify",
            "cli.model",
            "cli");

    /** Packages of the workshop, which come behind the product: it does not know them. */
    private static final List<String> WORKSHOP = List.of(
            "offpolicy",
            "evaluate",
            "tune",
            "dataset",
            "shop",
            "draft",
            "demo",
            "bench",
            "workshop.evaluate",
            "workshop");

    private static final List<String> PATH =
            Stream.of(CORE, SHELL, WORKSHOP).flatMap(List::stream).toList();

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(where -> !where.contains("/test-classes/") && !where.contains("-tests.jar"))
            .importPackages("dev.millrace");

    @Test
    void importsPointBackAlongThePath() {
        List<String> ahead = CLASSES.stream()
                .flatMap(one -> one.getDirectDependenciesFromSelf().stream())
                .filter(use -> place(use.getTargetClass().getBaseComponentType()) > place(use.getOriginClass()))
                .map(Dependency::getDescription)
                .toList();

        assertThat(ahead).isEmpty();
    }

    /** Returns the place of a class's package in the path; -1 if it is none of these packages. */
    private static int place(JavaClass one) {
        String name = one.getPackageName();
        return name.startsWith(ROOT) ? PATH.indexOf(name.substring(ROOT.length())) : -1;
    }

    @Test
    void everyPackageHasItsPlace() {
        List<String> found = CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !name.startsWith(ROOT + "avro"))
                .map(name -> name.substring(ROOT.length()))
                .distinct()
                .toList();

        assertThat(found).containsExactlyInAnyOrderElementsOf(PATH);
    }

    @Test
    void roomsOfTheModelAreItsOwn() {
        outside("model", "model.table", "model.network", "model.pool", "model.loss")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        ROOT + "model.table", ROOT + "model.network", ROOT + "model.pool", ROOT + "model.loss")
                .check(CLASSES);
    }

    @Test
    void nativeMathsStaysInTheEngineAndTheNetwork() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + "model.engine", ROOT + "model.graph", ROOT + "model.network")
                .and()
                .haveNameNotMatching("dev\\.millrace\\.checkpoint\\.Dl4jTower")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.nd4j..", "org.deeplearning4j..", "org.bytedeco..")
                .check(CLASSES);
    }

    @Test
    void avroStaysInTheWire() {
        only("wire").use("dev.millrace.avro..", "org.apache.avro..");
    }

    @Test
    void kafkaStaysInTheTopicsAndTheStream() {
        only("topic.fault", "topic", "topic.transaction", "stream", "stream.run")
                .use("org.apache.kafka..");
    }

    @Test
    void kafkaStreamsStaysInTheStream() {
        only("stream", "stream.run").use("org.apache.kafka.streams..");
        only("stream").use("io.opentelemetry..");
    }

    @Test
    void kafkasInternalsStayInTheClassesThatNeedThem() {
        noClasses()
                .that()
                .haveNameNotMatching("dev\\.millrace\\.topic\\.(EmbeddedBroker|transaction\\.BrokerRequests)(\\$.*)?")
                .and()
                .haveNameNotMatching(
                        "dev\\.millrace\\.stream\\.(DeadLetter|LearnerState|Outlet|WriteThroughStore)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka..internals..",
                        "org.apache.kafka.common.message..",
                        "org.apache.kafka.common.protocol..",
                        "org.apache.kafka.common.requests..",
                        "org.apache.kafka.server..",
                        "kafka..",
                        "org.apache.kafka.metadata..")
                .check(CLASSES);
    }

    @Test
    void httpStaysInTheServers() {
        only("serve", "ingest").use("io.javalin..", "org.eclipse.jetty..", "jakarta.servlet..");
    }

    @Test
    void onnxStaysWithTheCheckpoints() {
        only("checkpoint").use("ai.onnx..", "com.google.protobuf..");
    }

    @Test
    void rocksDbStaysInTheStreamAndTheServer() {
        only("stream", "stream.run", "follow").use("org.rocksdb..");
    }

    @Test
    void theCommandLineStaysInItsPackage() {
        only("cli", "cli.option", "cli.model", "workshop", "workshop.evaluate").use("picocli..");
    }

    /** Exceptions for {@code model.engine = nd4j} and for graphs of DL4J, which they alone load. */
    @Test
    void theCoreNeedsNoLibrary() {
        noClasses()
                .that()
                .resideInAnyPackage(packages(CORE))
                .and()
                .haveNameNotMatching(
                        "dev\\.millrace\\.model\\.(engine\\.(BlasProducts|NativeEngine)|network\\.(Dl4jNetwork|GraphLayers)|graph\\..*)"
                                + "(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "java..",
                        "javax.crypto..",
                        "jdk.incubator.vector..",
                        "org.jspecify.annotations..",
                        "dev.millrace..")
                .check(CLASSES);
    }

    /** Two exceptions: one waits for the compiler; one draws a seed for its tables, which changes no result. */
    @Test
    void theCoreKnowsNoFilesNoClockAndNoChance() {
        noClasses()
                .that()
                .resideInAnyPackage(packages(CORE))
                .and()
                .doNotHaveFullyQualifiedName(ROOT + "model.engine.Warmth")
                .and()
                .doNotHaveFullyQualifiedName(ROOT + "state.EntryDigest")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.nio.file..", "java.net..")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching(
                        "java\\.time\\.(Clock|InstantSource)|java\\.io\\.File.*|java\\.util\\.(Splittable)?Random"
                                + "|java\\.util\\.concurrent\\.ThreadLocalRandom|java\\.security\\.SecureRandom")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(UUID.class, "randomUUID")
                .check(CLASSES);
    }

    /** Two exceptions: one waits for the compiler, one shares a step. */
    @Test
    void theCoreStartsNoThreads() {
        noClasses()
                .that()
                .resideInAnyPackage(packages(CORE))
                .and()
                .haveNameNotMatching("dev\\.millrace\\.model\\.engine\\.(Warmth|Team)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.lang\\.(Thread|ThreadLocal|Process.*)|java\\.util\\.Timer"
                        + "|java\\.util\\.concurrent\\.(Executors|.*ThreadPoolExecutor|ForkJoinPool|CompletableFuture)")
                .check(CLASSES);
    }

    /** The audit would agree with the learner's mistakes if it made batches by the learner's code. It reads the values of topics. */
    @Test
    void theAuditOfTheCountsKnowsNoLearner() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "verify.books")
                .should()
                .dependOnClassesThat(resideInAnyPackage(packages(List.of(
                                "catalogue",
                                "popularity",
                                "negative",
                                "batch",
                                "neighbour",
                                "train",
                                "stream",
                                "stream.run")))
                        .and(not(belongToAnyOf(MiniBatch.class, CatalogueChange.class, TrainingProgress.class))))
                .check(CLASSES);
    }

    private static GivenClassesConjunction outside(String... names) {
        return noClasses().that().resideOutsideOfPackages(packages(List.of(names)));
    }

    private static Only only(String... names) {
        return new Only(names);
    }

    /** The packages that alone may use something. */
    private record Only(String... names) {
        void use(String... packages) {
            noClasses()
                    .that()
                    .resideOutsideOfPackages(packages(List.of(names)))
                    .and()
                    .resideOutsideOfPackage(ROOT + "avro")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(packages)
                    .check(CLASSES);
        }
    }

    private static String[] packages(List<String> names) {
        return names.stream().map(name -> ROOT + name).toArray(String[]::new);
    }
}
