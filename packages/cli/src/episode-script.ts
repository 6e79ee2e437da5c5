/** The script of loading threads: beside this file once the package is built, nowhere while it runs from its sources. */
export const episodeScript: URL = new URL('./episode-worker.js', import.meta.url);
