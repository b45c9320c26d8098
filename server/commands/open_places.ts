import type { MoveSource, MoveTarget } from "../upkeep/move_places.ts";

interface OpenPlace<Place> extends AsyncDisposable {
  readonly place: Place;
  /** Throws `ConfigError` when a server runs on it. */
  checkAlone(): Promise<void>;
}

/** The old place of a move, open for it alone. */
export type OldPlace = OpenPlace<MoveSource>;

/** The new place of a move, open for it alone. */
export interface NewPlace extends OpenPlace<MoveTarget> {
  /** Says which place it is, without secrets. */
  readonly name: string;
}
