// Patterns that the fills of bars share, so that kinds are told apart without colour.

export function Patterns() {
  return (
    <svg width="0" height="0" class="defs" aria-hidden="true" focusable="false">
      <defs>
        <pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" class="ground-activations" />
          <rect width="2" height="6" class="ink-activations" />
        </pattern>
        <pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">
          <rect width="5" height="5" class="ground-other" />
          <circle cx="2.5" cy="2.5" r="1" class="ink-other" />
        </pattern>
        <pattern id="lattice" width="5" height="5" patternUnits="userSpaceOnUse">
          <path d="M0 0V5" class="ink-held" />
        </pattern>
      </defs>
    </svg>
  );
}
