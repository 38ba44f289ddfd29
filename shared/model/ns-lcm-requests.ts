import type { JsonObject } from './json.ts';

/** Requests of ETSI GS NFV-SOL 005 clause 6.5.2, as far as this version acts on them; further members are kept in `params`. */
export interface CreateNsRequest {
  nsdId: string;
  nsName: string;
  nsDescription?: string;
}

export interface InstantiateNsRequest {
  nsFlavourId?: string;
  nsInstantiationLevelId?: string;
  additionalParamsForNs?: JsonObject;
  /** Per VNF profile: additionalParams. */
  additionalParamsForVnf?: { vnfProfileId: string; vnfInstanceName?: string; additionalParams?: JsonObject }[];
  locationConstraints?: { vnfProfileId: string; locationConstraints?: JsonObject }[];
  /** Skerry's placement wishes per VNF profile; `'*'` for all. Sites and infras by name or id. */
  placement?: Record<string, PlacementWish>;
}

export interface PlacementWish {
  site?: string;
  infra?: string;
  labels?: Record<string, string>;
}

export interface ScaleNsRequest {
  scaleType: 'SCALE_NS' | 'SCALE_VNF';
  scaleNsData?: {
    scaleNsByStepsData?: { scalingDirection: 'SCALE_IN' | 'SCALE_OUT'; aspectId: string; numberOfSteps?: number };
    scaleNsToLevelData?: {
      nsInstantiationLevel?: string;
      nsScaleInfo?: { nsScalingAspectId: string; nsScaleLevelId: string }[];
    };
  };
  scaleVnfData?: {
    vnfInstanceId: string;
    scaleVnfType: 'SCALE_OUT' | 'SCALE_IN' | 'SCALE_TO_INSTANTIATION_LEVEL' | 'SCALE_TO_SCALE_LEVEL(S)';
    scaleByStepData?: { aspectId: string; numberOfSteps?: number; additionalParams?: JsonObject };
    scaleToLevelData?: {
      vnfInstantiationLevelId?: string;
      vnfScaleInfo?: { aspectId: string; scaleLevel: number }[];
      additionalParams?: JsonObject;
    };
  }[];
}

export interface HealNsRequest {
  healNsData?: {
    degreeHealing: string;
    healScript?: string;
    actionsHealing?: string[];
    additionalParamsForNs?: JsonObject;
  };
  healVnfData?: {
    vnfInstanceId: string;
    cause?: string;
    healScript?: string;
    vnfcInstanceId?: string[];
    additionalParams?: JsonObject;
  }[];
}

export interface TerminateNsRequest {
  terminationTime?: string;
  additionalParamsForNs?: JsonObject;
}

/** Skerry's own: what OSM calls a KDU's built-in actions. */
export interface KduActionRequest {
  /** VNF instance by id, VNF profile (member-vnf-index) or name. */
  vnf: string;
  kdu: string;
  action: 'upgrade' | 'rollback';
  params?: KduActionParams;
}

export interface KduActionParams {
  /** Another chart: `repo/chart:version`, `oci://…`, URL. Absent: the same. */
  kdu_model?: string;
  /** Where `kdu_model` is, when it belongs to no registered repository. */
  repository?: string;
  values?: JsonObject;
  /** Forget the values of before. */
  reset_values?: boolean;
  /** `values` over those of before; what is done unless told otherwise. */
  reuse_values?: boolean;
  reset_then_reuse_values?: boolean;
  /** Rollback: the revision to go back to. Absent: the one before. */
  revision?: number;
  /** Seconds to become ready. */
  timeout?: number;
}
