package dev.millrace.access;

import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The certificate of a server and its key, as their files are now. */
public final class ServerKeys implements AutoCloseable {

    private final FileWatch watch;
    private Consumer<KeyStore> user = store -> {};
    private Optional<KeyStore> latest = Optional.empty();

    /**
     * @param setting that names the certificate
     * @throws dev.millrace.settings.InvalidSettingsException if the files cannot be used
     */
    ServerKeys(String setting, PemFiles files) {
        this.watch = FileWatch.start(setting, List.of(files.certificate(), files.key()), () -> take(files.keyStore()));
    }

    /** Hands over a key store with both, and a new one whenever the files have changed. */
    public synchronized void handTo(Consumer<KeyStore> use) {
        user = use;
        latest.ifPresent(user);
    }

    private synchronized void take(KeyStore store) {
        latest = Optional.of(store);
        user.accept(store);
    }

    @Override
    public void close() {
        watch.close();
    }
}
